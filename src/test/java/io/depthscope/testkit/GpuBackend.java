package io.depthscope.testkit;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.depthscope.backend.Backend;
import io.depthscope.backend.cuda.CudaBackend;
import io.depthscope.backend.cuda.CudaOptions;
import io.depthscope.device.Device;
import io.depthscope.device.jcuda.JCudaDevices;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The CUDA backend of this test run: on the emulated driver, or with {@code -Pgpu} on a GPU. One
 * device serves all tests of a process, since loading the kernels takes a while.
 */
public final class GpuBackend {
  private static final class Opened {
    static final Device DEVICE = JCudaDevices.open(0);
    static final Backend BACKEND = new CudaBackend(DEVICE, CudaOptions.DEFAULT);

    static {
      Runtime.getRuntime()
          .addShutdownHook(new Thread(BACKEND::close)); // the emulator reports leaks
      System.out.println("CUDA tests run on " + BACKEND.description());
    }
  }

  private GpuBackend() {}

  /** The backend; it stays open. Where the emulated driver was not built, the test is skipped. */
  public static Backend get() {
    assumeThereIsOne();
    return Opened.BACKEND;
  }

  /** The device of {@link #get}. */
  public static Device device() {
    assumeThereIsOne();
    return Opened.DEVICE;
  }

  /** True if the kernels are emulated on the CPU. */
  public static boolean emulated() {
    return !System.getProperty("depthscope.cuda.driver", "").isEmpty();
  }

  private static void assumeThereIsOne() {
    String driver = System.getProperty("depthscope.cuda.driver", "");
    assumeTrue(
        Boolean.getBoolean("depthscope.test.gpuRequired")
            || driver.isEmpty()
            || Files.exists(Path.of(driver)),
        "the emulated CUDA driver was not built (g++ is missing); test skipped");
  }
}
