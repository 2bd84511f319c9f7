package io.depthscope.device.jcuda;

import io.depthscope.device.DeviceException;
import jcuda.driver.CUresult;

/** What the driver answers to a call. */
final class Status {
  private Status() {}

  /**
   * @param operation what was called, in words
   * @throws DeviceException unless the call succeeded
   */
  static void check(int status, String operation) {
    if (status != CUresult.CUDA_SUCCESS) {
      throw failure(status, operation, "");
    }
  }

  /**
   * The exception for a call that failed. Some failures are not of this call, but of a kernel that
   * ran before; the message says so.
   */
  static DeviceException failure(int status, String operation, String detail) {
    String text = detail;
    if (isOfAKernel(status)) {
      text +=
          (detail.isEmpty() ? "" : "; ")
              + "a kernel started earlier failed, and -D"
              + JCudaDevice.SYNC
              + "=true names it";
    }
    return new DeviceException(operation, status, name(status), text);
  }

  /** The driver's word for a status, such as {@code CUDA_ERROR_OUT_OF_MEMORY}. */
  static String name(int status) {
    String name = CUresult.stringFor(status);
    return name.startsWith("CUDA_") ? name : "";
  }

  /** Whether this is how a kernel fails, which whatever call comes next is told. */
  private static boolean isOfAKernel(int status) {
    return switch (status) {
      case CUresult.CUDA_ERROR_ECC_UNCORRECTABLE,
          CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
          CUresult.CUDA_ERROR_LAUNCH_TIMEOUT,
          CUresult.CUDA_ERROR_ASSERT,
          CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR,
          CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION,
          CUresult.CUDA_ERROR_MISALIGNED_ADDRESS,
          CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE,
          CUresult.CUDA_ERROR_INVALID_PC,
          CUresult.CUDA_ERROR_LAUNCH_FAILED ->
          true;
      default -> false;
    };
  }
}
