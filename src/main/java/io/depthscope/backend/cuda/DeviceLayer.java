package io.depthscope.backend.cuda;

import io.depthscope.backend.BackendException;
import io.depthscope.device.KernelSpec;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import io.depthscope.graph.Window;
import io.depthscope.plan.Recording;
import io.depthscope.plan.Step;
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
record DeviceLayer(
    Step step,
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
  static DeviceLayer of(Step l, Recording recording, CudaOptions options) {
    if (options.library() && multiplies(l)) {
      return product(l, recording);
    }
    List<DeviceLayer> all = candidates(l, recording);
    return all.stream()
        .filter(c -> c.kernel.symbol().equals(options.kernel()))
        .findFirst()
        .orElse(all.getFirst());
  }

  /** The layer with every kernel that can run it, the one that is taken first. */
  static List<DeviceLayer> candidates(Step l, Recording recording) {
    Mode mode = Mode.of(recording);
    return switch (l.op()) {
      case Op.Input ignored ->
          List.of(elementwise(l, recording, Window.POINTWISE, KernelCatalog.normalizeBytes(mode)));
      case Op.Convolution c when c.isPointwise() -> products(l, recording);
      case Op.Convolution c when c.groups() == 1 ->
          gemm(l, recording, "conv2d", undilated(l, c.window()));
      case Op.Convolution c -> depthwise(l, recording, byChannel(l, c));
      case Op.Pool p ->
          unweighted(
              l,
              recording,
              undilated(l, p.windowOn(l.in())),
              p.kind() == Op.Pool.Kind.MAX ? "max_pool" : "average_pool");
      case Op.Elementwise e ->
          unweighted(l, recording, Window.global(l.ins().get(1)), KernelCatalog.of(e.function()));
      case Op.Unary u -> unweighted(l, recording, Window.POINTWISE, KernelCatalog.of(u.function()));
      case Op.Concat ignored -> unweighted(l, recording, joined(l), "concat");
    };
  }

  private static BackendException missing(Step l, String what) {
    return BackendException.missing("cuda", l.node().name(), what);
  }

  private static Window undilated(Step l, Window window) {
    if (window.isDilated()) {
      throw missing(l, "dilation");
    }
    return window;
  }

  /** What says in a kernel's parameters how many channels the first of two inputs has. */
  private static Window joined(Step l) {
    if (l.ins().size() > 2) {
      throw missing(l, "a concatenation of more than two inputs");
    }
    return new Window(1, l.in().channels(), 1, 1, Padding.NONE);
  }

  /** The window of a convolution that has one for each channel. */
  private static Window byChannel(Step l, Op.Convolution c) {
    if (!c.isDepthwise(l.in())) {
      throw missing(l, c.groups() + " groups");
    }
    if (c.outChannels() != l.in().channels()) {
      throw missing(l, "a depthwise multiplier");
    }
    return undilated(l, c.window());
  }

  private static List<DeviceLayer> unweighted(
      Step l, Recording recording, Window window, String op) {
    KernelSpec kernel = KernelCatalog.unweighted(op, Mode.of(recording));
    return List.of(elementwise(l, recording, window, kernel));
  }

  private static DeviceLayer elementwise(Step l, Recording recording, Window g, KernelSpec kernel) {
    return of(l, recording, g, kernel, Tiling.elementwise(l.out()), 1);
  }

  /** A dense convolution computes a pointwise one as well, for a second opinion. */
  private static List<DeviceLayer> products(Step l, Recording recording) {
    List<DeviceLayer> all = new ArrayList<>();
    all.addAll(gemm(l, recording, "pointwise", Window.POINTWISE));
    all.addAll(gemm(l, recording, "conv2d", Window.POINTWISE));
    return all;
  }

  private static List<DeviceLayer> gemm(Step l, Recording recording, String op, Window g) {
    int outStride = LayerParams.stride(l.out().channels());
    List<DeviceLayer> all = new ArrayList<>();
    for (KernelSpec kernel : KernelCatalog.gemm(op, Mode.of(recording), outStride)) {
      int columns = KernelCatalog.columns(kernel);
      LayerParams params = LayerParams.of(l, g, Tiling.gemm(l.out(), columns), recording);
      int groups = Tiling.ceil(outStride, columns);
      all.add(new DeviceLayer(l, Mode.of(recording), kernel, params, groups, false));
    }
    return all;
  }

  private static List<DeviceLayer> depthwise(Step l, Recording recording, Window g) {
    Mode mode = Mode.of(recording);
    List<DeviceLayer> all = new ArrayList<>();
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
  private static boolean multiplies(Step l) {
    return l.op() instanceof Op.Convolution c && c.isPointwise();
  }

  /** A layer whose products a library computes, and whose kernel does the rest. */
  private static DeviceLayer product(Step l, Recording recording) {
    KernelSpec kernel = KernelCatalog.unweighted("pointwise_epilogue", Mode.of(recording));
    DeviceLayer c = elementwise(l, recording, Window.POINTWISE, kernel);
    return new DeviceLayer(l, c.mode, kernel, c.params, c.channelGroups, true);
  }

  private static DeviceLayer of(
      Step l, Recording recording, Window g, KernelSpec kernel, Tiling tiling, int vector) {
    int groups =
        Tiling.ceil(
            LayerParams.stride(l.out().channels()), Math.multiplyExact(tiling.lanes(), vector));
    return new DeviceLayer(
        l, Mode.of(recording), kernel, LayerParams.of(l, g, tiling, recording), groups, false);
  }

  /** Tiles a batch is cut into; blocks loop over them. */
  long tiles(int images) {
    int tiles = Math.multiplyExact(images, params.tilesPerImage());
    return (long) Tiling.ceil(tiles, params.tilesPerBlock()) * channelGroups;
  }

  /** Floats of one image's output of one stream, padding included. */
  long outputFloats() {
    return (long) step.out().positions() * params.outStride();
  }

  /** 32-bit words of one image's partial sums. */
  long partialWords() {
    return (long) params.tilesPerImage() * mode.partialWords() * params.outStride();
  }

  /** Weights of a stream in the layout of the kernel; empty without weights. */
  float[] packed(float[] kernelWeights) {
    return switch (weightForm()) {
      case NONE -> new float[0];
      case BY_CHANNEL -> WeightLayout.depthwise(step, kernelWeights);
      case DENSE -> WeightLayout.dense(step, kernelWeights);
    };
  }

  /** Floats of the weights of one stream as packed. */
  long weightFloats() {
    return switch (weightForm()) {
      case NONE -> 0;
      case BY_CHANNEL -> params.depth();
      case DENSE -> (long) params.depth() * params.outStride();
    };
  }

  private enum WeightForm {
    NONE,
    DENSE,
    BY_CHANNEL
  }

  private WeightForm weightForm() {
    if (!step.op().hasWeights()) {
      return WeightForm.NONE;
    }
    boolean one = step.in().channels() > 1 && step.op().kernelDims(step.ins())[3] == 1;
    return one ? WeightForm.BY_CHANNEL : WeightForm.DENSE;
  }

  /** For failure messages. */
  String text() {
    Shape in = step.in();
    Shape out = step.out();
    return step.node().name() + ", " + in + " to " + out;
  }
}
