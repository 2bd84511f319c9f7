package io.depthscope.device.jcuda;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.depthscope.device.KernelLaunch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jcuda.Pointer;

/**
 * The arguments of one launch at a time, in memory that is used again by the next: an array with
 * the address of each argument, the pointers, and the struct. The driver copies them before a
 * launch returns. Not safe for several threads.
 */
final class KernelArguments {
  /** The most bytes of arguments that every device takes. */
  static final int MAX_BYTES = 4096;

  private static final int MAX_ARGUMENTS = MAX_BYTES / Long.BYTES;
  private static final long VALUES = (long) MAX_ARGUMENTS * Long.BYTES;

  private final MemorySegment memory;
  private final Pointer pointer;

  KernelArguments(Arena arena) {
    memory = arena.allocate(VALUES + MAX_BYTES, 16);
    pointer = new HostAddress(memory);
  }

  /**
   * Writes the arguments and returns what the driver takes.
   *
   * @throws IllegalArgumentException if they are more than a device takes
   */
  Pointer write(KernelLaunch launch) {
    long[] pointers = launch.pointers();
    byte[] params = launch.params();
    if ((long) pointers.length * Long.BYTES + params.length > MAX_BYTES) {
      throw new IllegalArgumentException(
          launch.kernel().symbol() + " takes more than " + MAX_BYTES + " bytes of arguments");
    }
    long values = memory.address() + VALUES;
    for (int i = 0; i < pointers.length; i++) {
      memory.setAtIndex(JAVA_LONG, i, values + (long) i * Long.BYTES);
      memory.set(JAVA_LONG, VALUES + (long) i * Long.BYTES, pointers[i]);
    }
    if (params.length > 0) {
      long offset = (long) pointers.length * Long.BYTES;
      memory.setAtIndex(JAVA_LONG, pointers.length, values + offset);
      MemorySegment.copy(params, 0, memory, JAVA_BYTE, VALUES + offset, params.length);
    }
    return pointer;
  }
}
