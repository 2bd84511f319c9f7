package io.depthscope.backend.cuda;

import java.lang.reflect.RecordComponent;
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
    return 4 * type.getRecordComponents().length;
  }

  /** The struct's bytes, little-endian as on every device. */
  default byte[] encode() {
    RecordComponent[] fields = getClass().getRecordComponents();
    ByteBuffer out = ByteBuffer.allocate(4 * fields.length).order(ByteOrder.LITTLE_ENDIAN);
    try {
      for (RecordComponent field : fields) {
        switch (field.getAccessor().invoke(this)) {
          case Integer i -> out.putInt(i);
          case Float f -> out.putFloat(f);
          case Boolean b -> out.putInt(b ? 1 : 0);
          case Object o -> throw new IllegalStateException(field + " is no 32-bit field: " + o);
        }
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
    return out.array();
  }

  /** A copy of encoded parameters with another number of images. */
  static byte[] withImages(byte[] encoded, int images) {
    byte[] copy = encoded.clone();
    ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN).putInt(IMAGES_OFFSET, images);
    return copy;
  }
}
