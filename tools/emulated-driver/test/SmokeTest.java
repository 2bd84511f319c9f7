import static jcuda.driver.JCudaDriver.*;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import jcuda.Pointer;
import jcuda.driver.*;

/** Runs a kernel of kernels/good.cu through JCuda: java SmokeTest.java path/libcuda.so.1. */
public final class SmokeTest {
  public static void main(String[] arguments) throws Throwable {
    Path library = Path.of(arguments[0]).toAbsolutePath();
    System.load(library.toString());
    SymbolLookup symbols = SymbolLookup.libraryLookup(library, Arena.global());
    MethodHandle module =
        Linker.nativeLinker()
            .downcallHandle(
                symbols.find("depthscope_emulator_module").orElseThrow(),
                FunctionDescriptor.of(ValueLayout.ADDRESS));
    MethodHandle live =
        Linker.nativeLinker()
            .downcallHandle(
                symbols.find("depthscope_emulator_live_allocations").orElseThrow(),
                FunctionDescriptor.of(ValueLayout.JAVA_LONG));
    String text =
        ((MemorySegment) module.invokeExact()).reinterpret(Long.MAX_VALUE).getString(0);

    setExceptionsEnabled(true);
    cuInit(0);
    CUdevice device = new CUdevice();
    cuDeviceGet(device, 0);
    byte[] name = new byte[100];
    cuDeviceGetName(name, name.length, device);
    System.out.println(new String(name, StandardCharsets.US_ASCII).trim());
    CUcontext context = new CUcontext();
    cuDevicePrimaryCtxRetain(context, device);
    cuCtxSetCurrent(context);
    CUmodule loaded = new CUmodule();
    cuModuleLoadData(loaded, text + "\0");
    CUfunction scale = new CUfunction();
    cuModuleGetFunction(scale, loaded, "test_scale");

    int count = 1000;
    CUdeviceptr x = new CUdeviceptr();
    CUdeviceptr y = new CUdeviceptr();
    cuMemAlloc(x, count * 4L);
    cuMemAlloc(y, count * 4L);
    FloatBuffer host =
        ByteBuffer.allocateDirect(count * 4).order(ByteOrder.nativeOrder()).asFloatBuffer();
    for (int i = 0; i < count; i++) {
      host.put(i, i);
    }
    cuMemcpyHtoD(x, Pointer.to(host), count * 4L);
    ByteBuffer parameters =
        ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder()).putInt(0, count).putFloat(4, 3);
    Pointer kernelArguments =
        Pointer.to(Pointer.to(x), Pointer.to(y), Pointer.to(parameters));
    cuLaunchKernel(scale, 3, 1, 1, 256, 1, 1, 0, null, kernelArguments, null);
    cuCtxSynchronize();
    cuMemcpyDtoH(Pointer.to(host), y, count * 4L);
    for (int i = 0; i < count; i++) {
      check(host.get(i) == 3f * i, "element " + i + " is " + host.get(i));
    }

    // An illegal access must end the launch, not the virtual machine, which uses the same signal for its own purposes.
    ByteBuffer tooMany =
        ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder()).putInt(0, 100_000).putFloat(4, 3);
    setExceptionsEnabled(false);
    cuLaunchKernel(
        scale, 3, 1, 1, 256, 1, 1, 0, null,
        Pointer.to(Pointer.to(x), Pointer.to(y), Pointer.to(tooMany)), null);
    int status = cuCtxSynchronize();
    check(status == CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, "status " + status);
    check(nullPointerIsCaught(null), "null pointers in Java code");
    check((long) live.invokeExact() == 2, "live allocations");
    check(cuDevicePrimaryCtxRelease(device) == 0, "release");
    check((long) live.invokeExact() == 0, "live allocations after the release");
    System.out.println("ok");
  }

  /** Hot enough to be compiled, so that the null check is a signal. */
  private static boolean nullPointerIsCaught(int[] nothing) {
    int caught = 0;
    int[] something = {1};
    for (int i = 0; i < 200_000; i++) {
      try {
        caught += (i < 150_000 ? something : nothing)[0] - 1;
      } catch (NullPointerException expected) {
        caught++;
      }
    }
    return caught == 50_000;
  }

  private static void check(boolean condition, String what) {
    if (!condition) {
      System.err.println("failed: " + what);
      System.exit(1);
    }
  }
}
