package io.depthscope.backend;

import io.depthscope.dataset.ImageBatch;

/**
 * Images as a program takes them: 8-bit pixels, normalized by the plan's table, or float32 values
 * that are used as they are. A program of a part of a plan takes the outputs it is given instead,
 * each image's one after the other.
 *
 * @param indices index of each image in its data set, ascending
 * @param pixels count x H x W x C bytes, or null
 * @param values count x H x W x C floats, or null; for a part, given outputs of the baseline
 * @param candidate given outputs of the candidate; null but for a part with that stream
 */
@SuppressWarnings("ArrayRecordComponent") // pixel storage, never compared
public record InputBatch(
    int count, int[] indices, byte[] pixels, float[] values, float[] candidate) {

  public InputBatch {
    if ((pixels == null) == (values == null) || indices.length < count) {
      throw new IllegalArgumentException(
          "a batch holds either pixels or values, and their indices");
    }
  }

  public static InputBatch of(ImageBatch batch) {
    return new InputBatch(
        batch.count(), batch.datasetIndices(), batch.pixels(), batch.values(), null);
  }

  /** Images as pixels or values, of which one is null. */
  public InputBatch(int count, int[] indices, byte[] pixels, float[] values) {
    this(count, indices, pixels, values, null);
  }

  /** What a program of the steps before has handed out, for a program of those after. */
  public static InputBatch continued(BatchOutput before, int[] indices) {
    return new InputBatch(before.count(), indices, null, before.baseline(), before.candidate());
  }

  /** A batch of values that need no normalization; indices count from 0. */
  public static InputBatch ofValues(int count, float[] values) {
    int[] indices = new int[count];
    for (int i = 0; i < count; i++) {
      indices[i] = i;
    }
    return new InputBatch(count, indices, null, values, null);
  }
}
