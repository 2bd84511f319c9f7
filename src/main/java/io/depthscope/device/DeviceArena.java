package io.depthscope.device;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Owns device memory, page-locked memory, streams and events, and gives them back in reverse order
 * when it is closed. Used by one thread at a time.
 */
public final class DeviceArena implements AutoCloseable {
  private final Device device;
  private final Deque<Runnable> release = new ArrayDeque<>();
  private long allocated;
  private boolean closed;

  public DeviceArena(Device device) {
    this.device = device;
  }

  public Device device() {
    return device;
  }

  /** Device memory of undefined content; at least one byte is allocated. */
  public DeviceBuffer allocate(long bytes, String purpose) {
    if (bytes < 0) {
      throw new IllegalArgumentException(bytes + " bytes for " + purpose);
    }
    checkOpen();
    long size = Math.max(1, bytes);
    DeviceBuffer buffer = new DeviceBuffer(device.allocate(size, purpose), size, purpose);
    allocated += size;
    release.push(
        () -> {
          long address = buffer.address();
          buffer.close();
          device.free(address);
        });
    return buffer;
  }

  /** Page-locked host memory. */
  public MemorySegment allocatePinned(long bytes) {
    checkOpen();
    MemorySegment memory = device.allocatePinned(Math.max(1, bytes));
    release.push(() -> device.freePinned(memory));
    return memory;
  }

  public DeviceStream newStream() {
    checkOpen();
    DeviceStream stream = device.newStream();
    release.push(() -> device.closeStream(stream));
    return stream;
  }

  public DeviceEvent newEvent(boolean timing) {
    checkOpen();
    DeviceEvent event = device.newEvent(timing);
    release.push(() -> device.closeEvent(event));
    return event;
  }

  /** Bytes of device memory allocated. */
  public long allocatedBytes() {
    return allocated;
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("device arena used after it was closed");
    }
  }

  /**
   * Frees everything, last allocated first. A lost device cannot free anything; the first failure
   * is thrown after all have been tried.
   */
  @Override
  public void close() {
    closed = true;
    DeviceException first = null;
    while (!release.isEmpty()) {
      try {
        release.pop().run();
      } catch (DeviceException e) {
        if (first == null) {
          first = e;
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
