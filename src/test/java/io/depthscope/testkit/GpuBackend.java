package io.depthscope.testkit;

import io.depthscope.backend.Backend;
import io.depthscope.backend.cuda.CudaBackend;
import io.depthscope.device.Device;
import io.depthscope.device.jcuda.JCudaDevices;

/**
 * The CUDA backend of this test run: on the emulated driver, or on a GPU where the tests are run
 * with {@code -Pgpu}. One device serves the whole run, since loading the kernels takes a while.
 */
public final class GpuBackend {
  private static final class Holder {
    static final Device DEVICE = JCudaDevices.open(0);
    static final Backend BACKEND = new CudaBackend(DEVICE);
  }

  private GpuBackend() {}

  /** The backend; it stays open. */
  public static Backend get() {
    return Holder.BACKEND;
  }

  public static Device device() {
    return Holder.DEVICE;
  }
}
