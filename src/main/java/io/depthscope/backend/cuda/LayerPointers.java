package io.depthscope.backend.cuda;

/**
 * Device addresses a layer's kernel takes, in the order of its parameters; 0 for none. As {@code
 * LayerPointers} in kernels/common/measure.cuh; see there.
 */
record LayerPointers(
    long in,
    long inQ,
    long w,
    long wQ,
    long bias,
    long out,
    long outQ,
    long middle,
    long partials,
    long bits,
    long codes) {

  static final int COUNT = LayerPointers.class.getRecordComponents().length;

  /** The same for another batch of images. */
  LayerPointers reading(long images) {
    return new LayerPointers(images, inQ, w, wQ, bias, out, outQ, middle, partials, bits, codes);
  }

  long[] toArray() {
    return new long[] {in, inQ, w, wQ, bias, out, outQ, middle, partials, bits, codes};
  }
}
