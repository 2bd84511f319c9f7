package io.depthscope.backend.cuda;

import io.depthscope.device.KernelSpec;
import io.depthscope.model.ConvGeometry;
import io.depthscope.model.Layer;
import io.depthscope.plan.LayerPlan;
import io.depthscope.plan.Recording;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * A layer with the kernel that runs it.
 *
 * @param kernel for the network's input, the kernel that reads 8-bit pixels
 * @param channelGroups blocks of channels that each tile of positions is worked on in
 * @param library whether a library computes the products, and the kernel only finishes them
 */
record CompiledLayer(
    LayerPlan plan,
    Mode mode,
    KernelSpec kernel,
    LayerParams params,
    int channelGroups,
    boolean library) {

  /**
   * The layer with the kernel to run it with.
   *
   * @param options a kernel to prefer where it can run the layer; whether a library multiplies
   */
  static CompiledLayer of(LayerPlan l, Recording recording, CudaOptions options) {
    if (options.library() && multiplies(l)) {
      return product(l, recording);
    }
    List<CompiledLayer> all = candidates(l, recording);
    return all.stream()
        .filter(c -> c.kernel.symbol().endsWith(options.variant()))
        .filter(c -> !options.variant().isEmpty())
        .findFirst()
        .orElse(all.getFirst());
  }

  /** The layer with every kernel that can run it, the one that is taken first. */
  static List<CompiledLayer> candidates(LayerPlan l, Recording recording) {
    Mode mode = Mode.of(recording);
    return switch (l.node().layer()) {
      case Layer.Input ignored ->
          List.of(
              elementwise(
                  l, recording, ConvGeometry.POINTWISE, KernelCatalog.normalizeBytes(mode)));
      case Layer.Convolution c when c.geometry().isPointwise() -> products(l, recording);
      case Layer.Convolution c -> gemm(l, recording, "conv2d", c.geometry());
      case Layer.FullyConnected ignored -> products(l, recording);
      case Layer.DepthwiseConvolution c -> depthwise(l, recording, c.geometry());
      case Layer.ResidualAdd ignored ->
          List.of(
              elementwise(
                  l,
                  recording,
                  ConvGeometry.POINTWISE,
                  KernelCatalog.unweighted("residual_add", mode)));
      case Layer.GlobalAveragePool ignored ->
          pool(l, recording, ConvGeometry.global(l.in()), "average_pool");
      case Layer.AveragePool p -> pool(l, recording, p.geometry(), "average_pool");
      case Layer.MaxPool p -> pool(l, recording, p.geometry(), "max_pool");
    };
  }

  private static List<CompiledLayer> pool(
      LayerPlan l, Recording recording, ConvGeometry g, String op) {
    KernelSpec kernel = KernelCatalog.unweighted(op, Mode.of(recording));
    return List.of(elementwise(l, recording, g, kernel));
  }

  private static CompiledLayer elementwise(
      LayerPlan l, Recording recording, ConvGeometry g, KernelSpec kernel) {
    return of(l, recording, g, kernel, Tiling.elementwise(l.out()), 1);
  }

  /** A dense convolution computes a pointwise one as well, for a second opinion. */
  private static List<CompiledLayer> products(LayerPlan l, Recording recording) {
    List<CompiledLayer> all = new ArrayList<>();
    all.addAll(gemm(l, recording, "pointwise", ConvGeometry.POINTWISE));
    all.addAll(gemm(l, recording, "conv2d", ConvGeometry.POINTWISE));
    return all;
  }

  private static List<CompiledLayer> gemm(
      LayerPlan l, Recording recording, String op, ConvGeometry g) {
    int outStride = LayerParams.stride(l.out().channels());
    List<CompiledLayer> all = new ArrayList<>();
    for (KernelSpec kernel : KernelCatalog.gemm(op, Mode.of(recording), outStride)) {
      int columns = KernelCatalog.columns(kernel);
      LayerParams params = LayerParams.of(l, g, Tiling.gemm(l.out(), columns), recording);
      int groups = Tiling.ceil(outStride, columns);
      all.add(new CompiledLayer(l, Mode.of(recording), kernel, params, groups, false));
    }
    return all;
  }

  private static List<CompiledLayer> depthwise(LayerPlan l, Recording recording, ConvGeometry g) {
    Mode mode = Mode.of(recording);
    List<CompiledLayer> all = new ArrayList<>();
    boolean three = g.kernelH() == 3 && g.kernelW() == 3;
    if (three && g.strideH() == g.strideW() && g.strideH() <= 2) {
      for (int vector : KernelCatalog.depthwiseVectors(mode)) {
        KernelSpec kernel = KernelCatalog.depthwise(mode, "k3s" + g.strideH() + "v" + vector);
        all.add(of(l, recording, g, kernel, Tiling.depthwise(l.out(), vector), vector));
      }
    }
    all.add(elementwise(l, recording, g, KernelCatalog.depthwise(mode, "naive")));
    return all;
  }

  /** True for layers that are one matrix product. */
  private static boolean multiplies(LayerPlan l) {
    return l.node().layer() instanceof Layer.FullyConnected
        || (l.node().layer() instanceof Layer.Convolution c && c.geometry().isPointwise());
  }

  /** A layer whose products a library computes, and whose kernel does the rest. */
  private static CompiledLayer product(LayerPlan l, Recording recording) {
    KernelSpec kernel = KernelCatalog.unweighted("pointwise_epilogue", Mode.of(recording));
    CompiledLayer c = elementwise(l, recording, ConvGeometry.POINTWISE, kernel);
    return new CompiledLayer(l, c.mode, kernel, c.params, c.channelGroups, true);
  }

  private static CompiledLayer of(
      LayerPlan l,
      Recording recording,
      ConvGeometry g,
      KernelSpec kernel,
      Tiling tiling,
      int vector) {
    int groups =
        Tiling.ceil(
            LayerParams.stride(l.out().channels()), Math.multiplyExact(tiling.lanes(), vector));
    return new CompiledLayer(
        l, Mode.of(recording), kernel, LayerParams.of(l, g, tiling, recording), groups, false);
  }

  /** Tiles a batch is cut into; blocks loop over them. */
  long tiles(int images) {
    int tiles = Math.multiplyExact(images, params.tilesPerImage());
    return (long) Tiling.ceil(tiles, params.tilesPerBlock()) * channelGroups;
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
