package io.depthscope.testkit;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * What the emulated driver of this process is asked beside CUDA: to fail at a certain call, and
 * what it has seen. Only where {@link GpuBackend#emulated} is true.
 */
public final class EmulatedDriver {
  private static final String PREFIX = "depthscope_emulator_";
  private static final int MESSAGE_BYTES = 2048;

  private EmulatedDriver() {}

  @SuppressWarnings("restricted") // the library is ours, and loaded already
  private static MethodHandle function(String name, MemoryLayout result, MemoryLayout... args) {
    SymbolLookup library =
        SymbolLookup.libraryLookup(
            Path.of(System.getProperty("depthscope.cuda.driver")), Arena.global());
    FunctionDescriptor type =
        result == null ? FunctionDescriptor.ofVoid(args) : FunctionDescriptor.of(result, args);
    return Linker.nativeLinker().downcallHandle(library.findOrThrow(PREFIX + name), type);
  }

  /**
   * Changes a setting.
   *
   * @param name as its environment variable has it behind {@code DEPTHSCOPE_EMULATOR_}
   */
  public static void set(String name, Object value) {
    try (Arena call = Arena.ofConfined()) {
      int refused =
          (int)
              function("set", JAVA_INT, ADDRESS, ADDRESS)
                  .invokeExact(call.allocateFrom(name), call.allocateFrom(value.toString()));
      if (refused != 0) {
        throw new IllegalArgumentException(name + " " + value);
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** Settings as at the start, a lost device found again; contexts stay. */
  public static void reset() {
    try {
      function("reset", null).invokeExact();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** Ends all contexts with everything in them, as the end of the process would. */
  public static void destroyContexts() {
    try {
      function("destroy_contexts", null).invokeExact();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** Launches of a kernel since the last reset; -1 if it has no such kernel. */
  public static long launches(String kernel) {
    try (Arena call = Arena.ofConfined()) {
      return (long) function("launches", JAVA_LONG, ADDRESS).invokeExact(call.allocateFrom(kernel));
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * What is alive on the device: {@code allocations}, {@code host_allocations}, {@code streams}.
   */
  public static long live(String what) {
    try {
      return (long) function("live_" + what, JAVA_LONG).invokeExact();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** The last line it wrote to standard error. */
  public static String lastMessage() {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment text = call.allocate(MESSAGE_BYTES);
      long length =
          (long)
              function("last_message", JAVA_LONG, ADDRESS, JAVA_LONG)
                  .invokeExact(text, (long) MESSAGE_BYTES);
      byte[] bytes = text.asSlice(0, Math.min(length, MESSAGE_BYTES - 1L)).toArray(JAVA_BYTE);
      return new String(bytes, StandardCharsets.UTF_8);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
