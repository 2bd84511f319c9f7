package io.depthscope.backend.cuda;

/** As {@code StatisticsParams} in kernels/common/params.cuh; see there for the fields. */
record StatisticsParams(
    int images,
    int tilesPerImage,
    int channels,
    int stride,
    int positions,
    int level,
    int imagesBeforeLow,
    int imagesBeforeHigh)
    implements KernelParams {

  StatisticsParams {
    if (positions < 1 || level < 0 || level > 2) {
      throw new IllegalArgumentException(positions + " positions, level " + level);
    }
  }
}
