package io.depthscope.device.jcuda;

import jcuda.driver.CUdeviceptr;

/** An address on the device as JCuda takes and gives it. */
final class DeviceAddress extends CUdeviceptr {
  private static final CUdeviceptr ZERO = new CUdeviceptr();

  /** For a call that fills it in. */
  DeviceAddress() {}

  DeviceAddress(long address) {
    super(ZERO, address);
  }

  long value() {
    return getNativePointer() + getByteOffset();
  }
}
