package io.depthscope.graph.exchange.tflite;

import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.exchange.lowering.ElementType;
import io.depthscope.graph.exchange.lowering.Refused;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * A tensor of a TFLite file.
 *
 * @param type empty if its elements cannot be read
 * @param word for its type
 * @param shape extents, of one image where the file leaves some open
 * @param signature the same with -1 for what is open
 * @param buffer number of its data
 * @param data of a constant
 * @param sparsity how data of a sparse constant lie
 */
@SuppressWarnings("ArrayRecordComponent") // read-only, never compared
record TfliteTensor(
    String name,
    Optional<ElementType> type,
    String word,
    int[] shape,
    int[] signature,
    Optional<Quantization> quantization,
    long buffer,
    Optional<ByteBuffer> data,
    Optional<Sparsity> sparsity) {

  /**
   * What its codes stand for.
   *
   * @param scales one, or one for each place along an axis
   * @param zeroPoints as many
   */
  @SuppressWarnings("ArrayRecordComponent") // read-only, compared by same
  record Quantization(float[] scales, long[] zeroPoints, int axis) {
    boolean same(Quantization other) {
      return Arrays.equals(scales, other.scales) && Arrays.equals(zeroPoints, other.zeroPoints);
    }
  }

  int rank() {
    return shape.length;
  }

  /** What its integers stand for, if they stand for other numbers. */
  Optional<Quantization> codes() {
    return type.isPresent() && !type.get().isFloat() ? quantization : Optional.empty();
  }

  /**
   * The values of a constant.
   *
   * @throws Refused if it is none, or cannot be read
   */
  NdArray array() {
    if (data.isEmpty()) {
      throw new Refused("is no constant");
    }
    ElementType elements =
        type.orElseThrow(() -> new Refused("holds " + word + ", which cannot be read"));
    return sparsity.isPresent()
        ? sparsity.get().decode(elements, shape, data.get())
        : elements.decode(shape, data.get());
  }
}
