package io.depthscope.backend.cuda;

import io.depthscope.device.Device;
import io.depthscope.device.DeviceArena;
import io.depthscope.device.DeviceBuffer;
import io.depthscope.device.DeviceStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Puts weights and other constants on the device, a piece at a time through page-locked memory. */
final class Uploads implements AutoCloseable {
  private static final int PIECE_FLOATS = 1 << 20;

  private final DeviceArena arena;
  private final Device device;
  private final DeviceStream stream;
  private final MemorySegment piece;

  Uploads(DeviceArena arena, DeviceStream stream) {
    this.arena = arena;
    this.device = arena.device();
    this.stream = stream;
    piece = device.allocatePinned(4L * PIECE_FLOATS);
  }

  /** A buffer with these values. */
  DeviceBuffer floats(float[] values, String purpose) {
    DeviceBuffer buffer = arena.allocate(4L * values.length, purpose);
    for (int at = 0; at < values.length; at += PIECE_FLOATS) {
      int n = Math.min(PIECE_FLOATS, values.length - at);
      MemorySegment.copy(values, at, piece, ValueLayout.JAVA_FLOAT, 0, n);
      device.upload(stream, piece, buffer.address(4L * at), 4L * n);
      device.synchronize(); // the piece is used again
    }
    return buffer;
  }

  /** The same for integers, by their bits. */
  DeviceBuffer ints(int[] values, String purpose) {
    return floats(bits(values), purpose);
  }

  /** Integers as floats of the same bits. */
  static float[] bits(int[] values) {
    float[] bits = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      bits[i] = Float.intBitsToFloat(values[i]);
    }
    return bits;
  }

  /** Fills a buffer with copies of a piece of at most a million values. */
  void repeat(float[] values, DeviceBuffer buffer) {
    MemorySegment.copy(values, 0, piece, ValueLayout.JAVA_FLOAT, 0, values.length);
    for (long at = 0; at < buffer.bytes(); at += 4L * values.length) {
      long n = Math.min(4L * values.length, buffer.bytes() - at);
      device.upload(stream, piece, buffer.address(at), n);
    }
    device.synchronize();
  }

  /** Gives the page-locked memory back. */
  @Override
  public void close() {
    device.freePinned(piece);
  }
}
