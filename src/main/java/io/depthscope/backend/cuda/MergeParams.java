package io.depthscope.backend.cuda;

/** As {@code MergeParams} in kernels/common/params.cuh; see there for the fields. */
record MergeParams(int images, int channels, int level, int imagesBeforeLow, int imagesBeforeHigh)
    implements KernelParams {

  static MergeParams of(int images, int channels, int level, long imagesBefore) {
    return new MergeParams(
        images, channels, level, (int) imagesBefore, (int) (imagesBefore >>> 32));
  }
}
