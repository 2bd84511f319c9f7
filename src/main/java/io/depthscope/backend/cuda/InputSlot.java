package io.depthscope.backend.cuda;

import io.depthscope.backend.InputBatch;
import io.depthscope.device.Device;
import io.depthscope.device.DeviceArena;
import io.depthscope.device.DeviceBuffer;
import io.depthscope.device.DeviceEvent;
import io.depthscope.device.DeviceStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Room for one batch on its way to the device: page-locked memory and a buffer. Made for 8-bit
 * pixels; values, which tests and tools submit, get room when they first come.
 */
final class InputSlot {
  private final DeviceArena arena;
  private final Device device;
  private final DeviceStream transfer;
  private final DeviceEvent uploaded;
  private final DeviceEvent read;
  private final int imageValues;
  private MemorySegment host;
  private DeviceBuffer buffer;
  private boolean used;

  /**
   * @param imageValues values of one image
   */
  InputSlot(DeviceArena arena, DeviceStream transfer, int imageValues, int maxBatch) {
    this.arena = arena;
    this.device = arena.device();
    this.transfer = transfer;
    uploaded = arena.newEvent(false);
    read = arena.newEvent(false);
    this.imageValues = imageValues;
    allocate((long) imageValues * maxBatch);
  }

  private void allocate(long bytes) {
    host = arena.allocatePinned(bytes);
    buffer = arena.allocate(bytes, "images");
  }

  /** The batch has arrived. */
  DeviceEvent uploaded() {
    return uploaded;
  }

  /** To be recorded when the batch has been read. */
  DeviceEvent read() {
    return read;
  }

  long address() {
    return buffer.address();
  }

  /**
   * Starts the upload. The batch that was here before has been finished, so its pixels are no
   * longer needed on the host; that the device has read them is waited for on the stream.
   */
  void upload(InputBatch batch) {
    if (used) {
      device.waitFor(transfer, read);
    }
    used = true;
    int values = Math.multiplyExact(batch.count(), imageValues);
    if (batch.pixels() != null) {
      MemorySegment.copy(batch.pixels(), 0, host, ValueLayout.JAVA_BYTE, 0, values);
      device.upload(transfer, host, buffer.address(), values);
    } else {
      if (4L * values > buffer.bytes()) {
        allocate(4 * buffer.bytes());
      }
      MemorySegment.copy(batch.values(), 0, host, ValueLayout.JAVA_FLOAT, 0, values);
      device.upload(transfer, host, buffer.address(), 4L * values);
    }
    device.record(transfer, uploaded);
  }
}
