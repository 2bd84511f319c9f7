package io.depthscope.graph.exchange;

import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.RowMajor;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/**
 * The order in which a file stores the axes of a kernel. The names read outermost axis first; a
 * digit 1 is an axis of extent 1. The project's own order is [O, KH, KW, I / groups].
 */
public enum KernelLayout {
  OHWI(4, 0, 1, 2, 3),
  /** A depthwise kernel without the axis of extent 1. */
  HWC(3, 2, 0, 1, -1),
  HWIO(4, 3, 0, 1, 2),
  /** A depthwise kernel, its channels before the axis of extent 1. */
  HWC1(4, 2, 0, 1, 3),
  OIHW(4, 0, 2, 3, 1),
  /** A matrix; the two spatial axes of extent 1 are not stored. */
  OI(2, 0, -1, -1, 1);

  private final int rank;

  @SuppressWarnings("ImmutableEnumChecker") // never written after construction
  private final int[] storedAxis;

  /**
   * @param storedAxis for each axis of our order, the axis of the file that holds it; -1 for none
   */
  KernelLayout(int rank, int... storedAxis) {
    this.rank = rank;
    this.storedAxis = storedAxis;
  }

  /** Extents as stored, of a kernel with these extents in our order. */
  int[] storedDims(int[] dims) {
    int[] stored = new int[rank];
    Arrays.fill(stored, 1);
    for (int k = 0; k < storedAxis.length; k++) {
      if (storedAxis[k] >= 0) {
        stored[storedAxis[k]] = dims[k];
      }
    }
    return stored;
  }

  /** Output channels of a dense kernel of this stored shape; empty if its rank is another. */
  OptionalLong outChannels(List<Long> stored) {
    return stored.size() == rank
        ? OptionalLong.of(stored.get(storedAxis[0]))
        : OptionalLong.empty();
  }

  /** The kernel in our order; {@code stored} has the extents of {@link #storedDims}. */
  public FloatTensor toOwn(FloatTensor stored, int[] dims) {
    float[] own = new float[stored.data().length];
    int[] at = storedIndices(dims);
    for (int i = 0; i < own.length; i++) {
      own[i] = stored.data()[at[i]];
    }
    return new FloatTensor(dims, own);
  }

  /** A kernel of our order as this layout stores it. */
  public FloatTensor toStored(FloatTensor own) {
    float[] stored = new float[own.data().length];
    int[] at = storedIndices(own.dims());
    for (int i = 0; i < stored.length; i++) {
      stored[at[i]] = own.data()[i];
    }
    return new FloatTensor(storedDims(own.dims()), stored);
  }

  /** Where the file has each element of a kernel with these extents in our order. */
  private int[] storedIndices(int[] dims) {
    int[] strides = RowMajor.strides(storedDims(dims));
    int[] steps = new int[dims.length];
    for (int k = 0; k < dims.length; k++) {
      steps[k] = storedAxis[k] < 0 ? 0 : strides[storedAxis[k]];
    }
    return RowMajor.places(dims, steps, 0);
  }
}
