package io.depthscope.device.jcuda;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.depthscope.device.LibraryProbe;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.Optional;

/** Whether cuDNN 9 is there. No run needs it. */
final class Cudnn {
  private static final String NAME = "libcudnn.so.9";

  private Cudnn() {}

  @SuppressWarnings("restricted")
  static LibraryProbe probe() {
    if (!NativeLibraries.isFound(NAME)) {
      return JCudaDevices.probe("cuDNN", "", NAME + " is not found");
    }
    Optional<MemorySegment> function =
        SymbolLookup.libraryLookup(NAME, Arena.global()).find("cudnnGetVersion");
    if (function.isEmpty()) {
      return JCudaDevices.probe("cuDNN", "", NAME + " lacks cudnnGetVersion");
    }
    long version = call(function.get());
    String text = version / 10000 + "." + version % 10000 / 100 + "." + version % 100;
    return JCudaDevices.probe("cuDNN", text, "");
  }

  /** Asks the library itself, since JCuda has no binding for it in this version. */
  @SuppressWarnings("restricted")
  private static long call(MemorySegment function) {
    try {
      return (long)
          Linker.nativeLinker()
              .downcallHandle(function, FunctionDescriptor.of(JAVA_LONG))
              .invokeExact();
    } catch (Throwable e) { // the function itself throws nothing
      throw new IllegalStateException(e);
    }
  }
}
