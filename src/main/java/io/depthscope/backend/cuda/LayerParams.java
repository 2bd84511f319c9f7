package io.depthscope.backend.cuda;

import io.depthscope.graph.Clamp;
import io.depthscope.graph.Op;
import io.depthscope.graph.Window;
import io.depthscope.plan.Recording;
import io.depthscope.plan.Step;
import io.depthscope.quant.QuantParams;

/** One layer, as {@code LayerParams} in kernels/common/params.cuh; see there for the fields. */
record LayerParams(
    int images,
    int inHeight,
    int inWidth,
    int inStride,
    int outHeight,
    int outWidth,
    int outChannels,
    int outStride,
    int kernelHeight,
    int kernelWidth,
    int strideHeight,
    int strideWidth,
    int padTop,
    int padLeft,
    int dilationHeight,
    int dilationWidth,
    int groups,
    int depth,
    int tilesPerImage,
    int rowsPerTile,
    int tilesPerBlock,
    int lanes,
    int columnTiles,
    float lower,
    float upper,
    boolean quantized,
    float scale,
    float inverseScale,
    float lowest,
    float highest,
    boolean histograms)
    implements KernelParams {

  /** Channels are padded to a multiple of this, so that 16 bytes can be moved at once. */
  private static final int CHANNEL_PAD = 4;

  private static final QuantParams NOT_QUANTIZED = new QuantParams(1, 0, 0, 1);

  /** Channels from one position to the next in device memory. */
  static int stride(int channels) {
    return (channels + CHANNEL_PAD - 1) / CHANNEL_PAD * CHANNEL_PAD;
  }

  /**
   * @param depth rows of the kernel's weights of one tap of the window
   */
  static LayerParams of(Step l, Window g, int depth, Tiling tiling, Recording recording) {
    Clamp clamp = l.node().clamp();
    QuantParams q = l.output().orElse(NOT_QUANTIZED);
    int inStride = stride(l.in().channels());
    return new LayerParams(
        0,
        l.in().height(),
        l.in().width(),
        inStride,
        l.out().height(),
        l.out().width(),
        l.out().channels(),
        stride(l.out().channels()),
        g.kernelH(),
        g.kernelW(),
        g.strideH(),
        g.strideW(),
        g.padding().top(),
        g.padding().left(),
        g.dilationH(),
        g.dilationW(),
        l.op() instanceof Op.Convolution c ? c.groups() : 1,
        g.kernelH() * g.kernelW() * depth,
        tiling.tilesPerImage(),
        tiling.rowsPerTile(),
        tiling.tilesPerBlock(),
        tiling.lanes(),
        tiling.columnTiles(),
        clamp.lower(0),
        clamp.upper(0),
        l.output().isPresent(),
        q.scale(),
        reciprocal(q.scale()),
        q.qmin() - q.zeroPoint(),
        q.qmax() - q.zeroPoint(),
        recording.histograms());
  }

  /** 1 / scale, or NaN where that is no normal number: the kernels then always divide. */
  static float reciprocal(float scale) {
    float inverse = 1 / scale;
    return inverse >= Float.MIN_NORMAL && Float.isFinite(inverse) ? inverse : Float.NaN;
  }
}
