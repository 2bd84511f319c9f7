package io.depthscope.device;

/** A piece of device memory that belongs to a {@link DeviceArena}. */
public final class DeviceBuffer {
  private final long address;
  private final long bytes;
  private final String purpose;
  private boolean closed;

  DeviceBuffer(long address, long bytes, String purpose) {
    this.address = address;
    this.bytes = bytes;
    this.purpose = purpose;
  }

  /**
   * Address of its first byte.
   *
   * @throws IllegalStateException if its arena has been closed
   */
  public long address() {
    if (closed) {
      throw new IllegalStateException("device buffer '" + purpose + "' used after it was freed");
    }
    return address;
  }

  /**
   * Address of a byte inside.
   *
   * @throws IndexOutOfBoundsException if it lies outside
   */
  public long address(long offset) {
    if (offset < 0 || offset >= bytes) {
      throw new IndexOutOfBoundsException(
          "byte " + offset + " of device buffer '" + purpose + "' of " + bytes);
    }
    return address() + offset;
  }

  public long bytes() {
    return bytes;
  }

  public String purpose() {
    return purpose;
  }

  void close() {
    closed = true;
  }
}
