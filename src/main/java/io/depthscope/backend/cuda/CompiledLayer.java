package io.depthscope.backend.cuda;

import io.depthscope.device.KernelSpec;
import io.depthscope.model.ConvGeometry;
import io.depthscope.model.Layer;
import io.depthscope.plan.LayerPlan;
import io.depthscope.plan.Recording;
import io.depthscope.tensor.Shape;

/**
 * A layer with the kernel that runs it.
 *
 * @param kernel for the network's input, the kernel that reads 8-bit pixels
 * @param channelGroups blocks of channels that each tile of positions is worked on in
 */
record CompiledLayer(
    LayerPlan plan, Mode mode, KernelSpec kernel, LayerParams params, int channelGroups) {

  /** Channels a thread of the 3x3 depthwise kernels, by what is computed; see the kernel file. */
  private static int depthwiseVector(Mode mode) {
    return switch (mode) {
      case PLAIN, PAIRED -> 4;
      case OBSERVED, MEASURED -> 2;
      case TRACED -> throw new IllegalArgumentException("no 3x3 kernel traces the error");
    };
  }

  static CompiledLayer of(LayerPlan l, Recording recording) {
    Mode mode = Mode.of(recording);
    return switch (l.node().layer()) {
      case Layer.Input ignored ->
          elementwise(
              l, recording, mode, ConvGeometry.POINTWISE, KernelCatalog.normalizeBytes(mode));
      case Layer.Convolution c when c.geometry().isPointwise() ->
          gemm(l, recording, mode, "pointwise", c.geometry());
      case Layer.Convolution c -> gemm(l, recording, mode, "conv2d", c.geometry());
      case Layer.FullyConnected ignored ->
          gemm(l, recording, mode, "pointwise", ConvGeometry.POINTWISE);
      case Layer.DepthwiseConvolution c -> depthwise(l, recording, mode, c.geometry());
      case Layer.ResidualAdd ignored ->
          elementwise(
              l,
              recording,
              mode,
              ConvGeometry.POINTWISE,
              KernelCatalog.unweighted("residual_add", mode));
      case Layer.GlobalAveragePool ignored ->
          elementwise(
              l,
              recording,
              mode,
              ConvGeometry.global(l.in()),
              KernelCatalog.unweighted("average_pool", mode));
      case Layer.AveragePool p ->
          elementwise(
              l, recording, mode, p.geometry(), KernelCatalog.unweighted("average_pool", mode));
      case Layer.MaxPool p ->
          elementwise(l, recording, mode, p.geometry(), KernelCatalog.unweighted("max_pool", mode));
    };
  }

  private static CompiledLayer elementwise(
      LayerPlan l, Recording recording, Mode mode, ConvGeometry g, KernelSpec kernel) {
    return of(l, recording, mode, g, kernel, Tiling.elementwise(l.out()), 1);
  }

  private static CompiledLayer gemm(
      LayerPlan l, Recording recording, Mode mode, String op, ConvGeometry g) {
    KernelSpec kernel = KernelCatalog.gemm(op, mode, LayerParams.stride(l.out().channels()));
    Tiling tiling = Tiling.gemm(l.out());
    LayerParams params = LayerParams.of(l, g, tiling, recording);
    int columns = KernelCatalog.columns(kernel);
    return new CompiledLayer(
        l, mode, kernel, params, Tiling.ceil(LayerParams.stride(l.out().channels()), columns));
  }

  private static CompiledLayer depthwise(
      LayerPlan l, Recording recording, Mode mode, ConvGeometry g) {
    boolean three = g.kernelH() == 3 && g.kernelW() == 3;
    boolean strided = g.strideH() == g.strideW() && g.strideH() <= 2;
    if (!three || !strided || mode == Mode.TRACED) {
      return elementwise(l, recording, mode, g, KernelCatalog.depthwise(mode, "naive"));
    }
    int vector = depthwiseVector(mode);
    KernelSpec kernel = KernelCatalog.depthwise(mode, "k3s" + g.strideH() + "v" + vector);
    return of(l, recording, mode, g, kernel, Tiling.depthwise(l.out(), vector), vector);
  }

  private static CompiledLayer of(
      LayerPlan l,
      Recording recording,
      Mode mode,
      ConvGeometry g,
      KernelSpec kernel,
      Tiling tiling,
      int vector) {
    int groups =
        Tiling.ceil(
            LayerParams.stride(l.out().channels()), Math.multiplyExact(tiling.lanes(), vector));
    return new CompiledLayer(l, mode, kernel, LayerParams.of(l, g, tiling, recording), groups);
  }

  /** Tiles a batch is cut into; blocks loop over them. */
  long tiles(int images) {
    return (long) Tiling.ceil(images, params.imagesPerTile())
        * params.tilesPerImage()
        * channelGroups;
  }

  /** Floats of one image's output of one stream, padding included. */
  long outputFloats() {
    return (long) plan.out().positions() * params.outStride();
  }

  /** 32-bit words of one image's partial sums. */
  long partialWords() {
    return (long) params.tilesPerImage() * mode.partialWords() * params.outStride();
  }

  /** Weights of a stream in the layout of the kernel; empty without weights. */
  float[] packed(float[] kernelWeights) {
    return switch (plan.node().layer()) {
      case Layer.Convolution c -> WeightLayout.dense(plan, c.geometry(), kernelWeights);
      case Layer.FullyConnected ignored ->
          WeightLayout.dense(plan, ConvGeometry.POINTWISE, kernelWeights);
      case Layer.DepthwiseConvolution c ->
          WeightLayout.depthwise(plan, c.geometry(), kernelWeights);
      default -> new float[0];
    };
  }

  /** Floats of the weights of one stream as packed. */
  long weightFloats() {
    return switch (plan.node().layer()) {
      case Layer.Convolution ignored -> (long) params.depth() * params.outStride();
      case Layer.FullyConnected ignored -> (long) params.depth() * params.outStride();
      case Layer.DepthwiseConvolution ignored -> params.depth();
      default -> 0;
    };
  }

  /** For failure messages. */
  String text() {
    Shape in = plan.in();
    Shape out = plan.out();
    return plan.node().name() + ", " + in + " to " + out;
  }
}
