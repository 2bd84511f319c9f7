package io.depthscope.backend.cuda;

/** As {@code ReduceParams} in kernels/common/params.cuh; see there for the fields. */
record ReduceParams(
    int images, int tilesPerImage, int channels, int stride, int networkChannels, int level)
    implements KernelParams {}
