package io.depthscope.device.jcuda;

import java.lang.foreign.MemorySegment;
import jcuda.Pointer;

/**
 * An address in host memory as JCuda takes it. JCuda's own pointers to buffers end at 2 GiB and
 * cost a call back into Java.
 */
final class HostAddress extends Pointer {
  /**
   * @param memory off the heap; must stay alive while JCuda uses the address
   */
  HostAddress(MemorySegment memory) {
    super(address(memory));
  }

  private static long address(MemorySegment memory) {
    if (!memory.isNative()) {
      throw new IllegalArgumentException("memory on the Java heap has no address");
    }
    return memory.address();
  }
}
