package io.depthscope.device.jcuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.depthscope.device.Device;
import io.depthscope.device.DeviceEvent;
import io.depthscope.device.DeviceException;
import io.depthscope.device.DeviceStream;
import io.depthscope.device.KernelImage;
import io.depthscope.device.KernelLaunch;
import io.depthscope.device.KernelSpec;
import io.depthscope.device.MatrixLibrary;
import io.depthscope.testkit.CLibrary;
import io.depthscope.testkit.JavaProcess;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What reaches a driver and cuBLAS, and what becomes of their answers, with libraries of ours. */
class FakeDriverTest {
  @TempDir private static Path folder;
  private static String driver;

  @BeforeAll
  static void build() {
    driver = CLibrary.build("fake_cuda.c", folder, "libcuda.so.1").toString();
  }

  /** Does one thing with device 0 and prints what comes of it. */
  static final class Calls {
    private static final KernelSpec KERNEL = new KernelSpec("ds_a__naive", "a.cu", 2, 12, 96);

    private Calls() {}

    public static void main(String[] args) {
      try {
        call(args[0]);
      } catch (DeviceException | IllegalArgumentException | IllegalStateException e) {
        System.out.println(e.getMessage());
      }
    }

    private static void call(String what) {
      if (what.equals("ordinal")) {
        JCudaDevices.open(2).close();
        return;
      }
      try (Device device = JCudaDevices.open(0)) {
        byte[] text = "kernels".getBytes(StandardCharsets.UTF_8);
        device.load(new KernelImage("k.ptx", text, ""));
        DeviceStream stream = device.newStream();
        switch (what) {
          case "missing" -> device.resources(new KernelSpec("ds_missing", "m.cu", 0, 0, 1));
          case "arguments" -> {
            KernelSpec large = new KernelSpec("ds_large", "l.cu", 500, 97, 1);
            device.launch(
                stream, new KernelLaunch(large, 1, new long[500], new byte[97], "too large"));
          }
          case "product" -> product(device, stream);
          case "tf32" -> {
            try (MatrixLibrary matrices = device.openMatrixLibrary(true)) {
              System.out.println(matrices.description());
              System.out.flush();
            }
          }
          default -> {
            byte[] params = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, (byte) 200};
            long[] pointers = {0x123456789abcL, -1};
            device.launch(stream, new KernelLaunch(KERNEL, 70_000, pointers, params, "dw1 9x9x24"));
            DeviceEvent event = device.newEvent(false);
            device.record(stream, event);
            device.await(event);
          }
        }
      }
    }

    private static void product(Device device, DeviceStream stream) {
      try (MatrixLibrary matrices = device.openMatrixLibrary(false)) {
        System.out.println(matrices.description());
        System.out.flush();
        matrices.multiply(stream, 2, 3, 5, 0x100, 6, 0x200, 7, 0x300, 8);
        try {
          matrices.multiply(stream, 2, 3, 5, 0x100, 4, 0x200, 7, 0x300, 8);
        } catch (IllegalArgumentException e) {
          System.out.println(e.getMessage());
        }
        matrices.multiply(stream, 1, 999, 1, 0x100, 1, 0x200, 999, 0x300, 999);
      }
    }
  }

  private static List<String> run(Map<String, String> environment, String what, String... options) {
    List<String> all = new ArrayList<>(List.of(options));
    all.add("-Ddepthscope.cuda.driver=" + driver);
    JavaProcess run = JavaProcess.run(environment, all, Calls.class, what);
    assertEquals(0, run.exit(), run::toString);
    return run.out().lines().toList();
  }

  @Test
  void launchesReachTheDriverAsTheyAre() {
    assertEquals(
        List.of(
            "launch 9 grid 70000 1 1 block 96 1 1 shared 0 stream 8:"
                + " 123456789abc ffffffffffffffff 1 200 extra 0"),
        run(Map.of(), "launch"));
  }

  @Test
  void aRefusedImageCarriesTheDriversLogInOneLine() {
    assertEquals(
        List.of(
            "load k.ptx failed with CUDA_ERROR_INVALID_PTX (218):"
                + " line 1: not good line 2: 7 characters"),
        run(Map.of("FAKE_LOAD", "218"), "launch"));
  }

  @Test
  void aFailureThatComesLateNamesWhatWasWaitedForAndTheProperty() {
    assertEquals(
        List.of(
            "wait for an event failed with CUDA_ERROR_LAUNCH_FAILED (719): recorded after"
                + " ds_a__naive, 70000 blocks of 96 threads, dw1 9x9x24; a kernel started earlier"
                + " failed, and -Ddepthscope.cuda.sync=true names it"),
        run(Map.of("FAKE_RUN", "719"), "launch").subList(1, 2));
  }

  @Test
  void withThePropertyTheLaunchItselfFails() {
    assertEquals(
        List.of(
            "launch failed with CUDA_ERROR_ILLEGAL_ADDRESS (700): ds_a__naive, 70000 blocks of 96"
                + " threads, dw1 9x9x24"),
        run(Map.of("FAKE_RUN", "700"), "launch", "-Ddepthscope.cuda.sync=true").subList(1, 2));
  }

  @Test
  void aNumberWithoutADeviceNamesThoseThereAre() {
    assertEquals(
        List.of("no GPU has the number 2: 0 is Fake 0, 1 is Fake 1"),
        run(Map.of("FAKE_COUNT", "2"), "ordinal"));
  }

  @Test
  void aKernelInNoImageIsNamed() {
    assertEquals(List.of("no loaded image has kernel ds_missing"), run(Map.of(), "missing"));
  }

  @Test
  void moreArgumentsThanADeviceTakesAreRefused() {
    assertEquals(
        List.of("ds_large takes more than 4096 bytes of arguments"), run(Map.of(), "arguments"));
  }

  @Test
  void withoutCublasTheReasonIsGiven() {
    String none = folder.toString(); // the driver alone
    List<String> lines = run(Map.of("LD_LIBRARY_PATH", none), "product");
    assumeFalse(lines.getFirst().startsWith("cuBLAS 1"), "this machine has cuBLAS");
    assertEquals(
        List.of("cuBLAS cannot be used: neither libcublas.so.12 nor libcublas.so.13 is found"),
        lines);
  }

  /** Its order of factors: what is row-major for us is column-major and transposed for cuBLAS. */
  @Test
  void productsReachCublas13ThroughTheForwarder(@TempDir Path libraries) {
    assumeFalse(NativeLibraries.isFound("libcublas.so.12"), "this machine has cuBLAS 12");
    CLibrary.build("fake_cublas.c", libraries, "libcublas.so.13");
    assertEquals(
        List.of(
            "cuBLAS 13.14.15",
            "a product of 2x5 by 5x3 with rows of 4, 7, 8",
            "math 77 2",
            "stream 77 8",
            "sgemm 77 0 0 3 2 5 1 200 7 100 6 0 300 8",
            "stream 77 8",
            "sgemm 77 0 0 999 1 1 1 200 999 100 1 0 300 999",
            "destroy 77",
            "cublasSgemm failed with CUBLAS_STATUS_EXECUTION_FAILED (13): 1x1 by 1x999"),
        run(Map.of("LD_LIBRARY_PATH", libraries.toString()), "product"));
  }

  /** Runs with TF32 and without are not of one kind, and a manifest has to tell. */
  @Test
  void aLibraryThatMayRoundFactorsSaysSo(@TempDir Path libraries) {
    assumeFalse(NativeLibraries.isFound("libcublas.so.12"), "this machine has cuBLAS 12");
    CLibrary.build("fake_cublas.c", libraries, "libcublas.so.13");
    assertEquals(
        List.of("cuBLAS 13.14.15 with TF32", "math 77 3", "destroy 77"),
        run(Map.of("LD_LIBRARY_PATH", libraries.toString()), "tf32"));
  }
}
