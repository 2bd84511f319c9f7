package io.depthscope.device;

/**
 * One launch. Grid and block are one-dimensional: kernels loop over their tiles, so that a grid of
 * any size gives the same result. All shared memory is static.
 *
 * @param blocks blocks in the grid, at least 1
 * @param pointers device addresses in the order of the kernel's parameters; 0 for none
 * @param params the struct, in the device's byte order (little-endian)
 * @param shapes for failure messages: the layer and its shapes
 */
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
public record KernelLaunch(
    KernelSpec kernel, int blocks, long[] pointers, byte[] params, String shapes) {

  /**
   * @throws IllegalArgumentException if pointers or parameters are not what the kernel takes
   */
  public KernelLaunch {
    if (pointers.length != kernel.pointers() || params.length != kernel.paramBytes()) {
      throw new IllegalArgumentException(
          kernel.symbol()
              + " takes "
              + kernel.pointers()
              + " pointers and "
              + kernel.paramBytes()
              + " bytes, not "
              + pointers.length
              + " and "
              + params.length);
    }
    if (blocks < 1) {
      throw new IllegalArgumentException(kernel.symbol() + ": a grid of " + blocks + " blocks");
    }
  }
}
