package io.depthscope.backend.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A struct of 32-bit fields as kernels take it. Implementing records have the fields of the struct
 * of the same name in kernels/common/params.cuh, in the same order; a test compares the two.
 */
interface KernelParams {

  /** Where the number of images stands in every struct: it changes from batch to batch. */
  int IMAGES_OFFSET = 0;

  /** Size of the struct of a record. */
  static int bytes(Class<? extends KernelParams> type) {
    return StructLayout.of(type).bytes();
  }

  /** The struct's bytes, little-endian as on every device. */
  default byte[] encode() {
    return StructLayout.of(getClass()).encode(this);
  }

  /** A copy of encoded parameters with another number of images. */
  static byte[] withImages(byte[] encoded, int images) {
    byte[] copy = encoded.clone();
    ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN).putInt(IMAGES_OFFSET, images);
    return copy;
  }
}
