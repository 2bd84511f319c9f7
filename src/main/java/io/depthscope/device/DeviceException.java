package io.depthscope.device;

/**
 * A call to a device failed. The message is one line that names the operation, the code the driver
 * gave, and what was being done.
 */
public final class DeviceException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String operation;
  private final int code;

  /**
   * @param operation what was called, such as {@code cuMemAlloc} or {@code launch}
   * @param code the driver's status, 0 where the reason lies elsewhere
   * @param codeName the driver's word for it, such as {@code CUDA_ERROR_OUT_OF_MEMORY}; may be
   *     empty
   * @param detail kernel, grid, block, shapes or bytes; may be empty
   */
  public DeviceException(String operation, int code, String codeName, String detail) {
    super(text(operation, code, codeName, detail));
    this.operation = operation;
    this.code = code;
  }

  private static String text(String operation, int code, String codeName, String detail) {
    StringBuilder s = new StringBuilder(operation);
    if (code != 0) {
      s.append(" failed with ").append(codeName.isEmpty() ? "status" : codeName);
      s.append(" (").append(code).append(')');
    }
    return detail.isEmpty() ? s.toString() : s.append(": ").append(detail).toString();
  }

  public String operation() {
    return operation;
  }

  /** The driver's status; 0 where the failure was found on this side. */
  public int code() {
    return code;
  }

  /** True if the device has no memory left for what was asked. */
  public boolean isOutOfMemory() {
    return code == 2;
  }
}
