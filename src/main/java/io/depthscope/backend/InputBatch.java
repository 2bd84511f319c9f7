package io.depthscope.backend;

import io.depthscope.dataset.ImageBatch;

/**
 * Images as a program takes them: 8-bit pixels, normalized by the plan's table, or float32 values
 * that are used as they are.
 *
 * @param indices index of each image in its data set, ascending
 * @param pixels count x H x W x C bytes, or null
 * @param values count x H x W x C floats, or null
 */
@SuppressWarnings("ArrayRecordComponent") // pixel storage, never compared
public record InputBatch(int count, int[] indices, byte[] pixels, float[] values) {

  public InputBatch {
    if ((pixels == null) == (values == null) || indices.length < count) {
      throw new IllegalArgumentException(
          "a batch holds either pixels or values, and their indices");
    }
  }

  public static InputBatch of(ImageBatch batch) {
    return new InputBatch(batch.count(), batch.datasetIndices(), batch.pixels(), null);
  }

  /** A batch of values that need no normalization; indices count from 0. */
  public static InputBatch ofValues(int count, float[] values) {
    int[] indices = new int[count];
    for (int i = 0; i < count; i++) {
      indices[i] = i;
    }
    return new InputBatch(count, indices, null, values);
  }
}
