package io.depthscope.backend.cuda;

import io.depthscope.device.KernelSpec;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.LayerNorm;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import io.depthscope.graph.Sampling;
import io.depthscope.graph.Window;
import io.depthscope.plan.Recording;
import io.depthscope.plan.Step;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
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

  /** Words of a tap in {@link #shared}; {@code Tap} in kernels/resize.cu. */
  private static final int TAP_WORDS = 3;

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
      case Op.Convolution c when c.groups() == 1 -> gemm(l, recording, "conv2d", c.window());
      case Op.Convolution c when c.isByChannel(l.in()) -> depthwise(l, recording, c.window());
      case Op.Convolution c -> grouped(l, recording, c);
      case Op.Pool p ->
          unweighted(
              l,
              recording,
              p.windowOn(l.in()),
              p.kind() == Op.Pool.Kind.MAX ? "max_pool" : "average_pool");
      case Op.Elementwise e ->
          unweighted(l, recording, Window.global(l.ins().get(1)), KernelCatalog.of(e.function()));
      case Op.Unary u -> unweighted(l, recording, Window.POINTWISE, KernelCatalog.of(u.function()));
      case Op.Concat ignored -> unweighted(l, recording, Window.POINTWISE, "concat");
      case Op.Rearrange ignored -> unweighted(l, recording, Window.POINTWISE, "rearrange");
      case Op.Resize ignored -> unweighted(l, recording, Window.POINTWISE, "resize_bilinear");
      case Op.LeakyRelu ignored -> unweighted(l, recording, Window.POINTWISE, "leaky_relu");
      case Op.LocalResponse r ->
          unweighted(l, recording, new Window(1, r.size(), 1, 1, Padding.NONE), "local_response");
      case LayerNorm ignored -> unweighted(l, recording, Window.POINTWISE, "layer_norm");
    };
  }

  /** True for a convolution that has one window for each channel. */
  private static boolean isByChannel(Step l) {
    return l.op() instanceof Op.Convolution c && c.isByChannel(l.in());
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
    int depth = LayerParams.stride(l.in().channels());
    List<DeviceLayer> all = new ArrayList<>();
    for (KernelSpec kernel : KernelCatalog.gemm(op, Mode.of(recording), outStride)) {
      int columns = KernelCatalog.columns(kernel);
      LayerParams params = LayerParams.of(l, g, depth, Tiling.gemm(l.out(), columns), recording);
      int groups = Tiling.ceil(outStride, columns);
      all.add(new DeviceLayer(l, Mode.of(recording), kernel, params, groups, false));
    }
    return all;
  }

  private static List<DeviceLayer> grouped(Step l, Recording recording, Op.Convolution c) {
    KernelSpec kernel = KernelCatalog.grouped(Mode.of(recording));
    int depth = l.in().channels() / c.groups();
    return List.of(of(l, recording, c.window(), depth, kernel, Tiling.elementwise(l.out()), 1));
  }

  private static List<DeviceLayer> depthwise(Step l, Recording recording, Window g) {
    Mode mode = Mode.of(recording);
    List<DeviceLayer> all = new ArrayList<>();
    boolean three = g.kernelH() == 3 && g.kernelW() == 3 && !g.isDilated();
    if (three
        && !l.node().clamp().isPerChannel()
        && g.strideH() == g.strideW()
        && g.strideH() <= 2) {
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
    int depth = LayerParams.stride(l.in().channels());
    return of(l, recording, g, depth, kernel, tiling, vector);
  }

  private static DeviceLayer of(
      Step l,
      Recording recording,
      Window g,
      int depth,
      KernelSpec kernel,
      Tiling tiling,
      int vector) {
    int groups =
        Tiling.ceil(
            LayerParams.stride(l.out().channels()), Math.multiplyExact(tiling.lanes(), vector));
    return new DeviceLayer(
        l,
        Mode.of(recording),
        kernel,
        LayerParams.of(l, g, depth, tiling, recording),
        groups,
        false);
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

  /** True if each stream has weights or constants of its own. */
  boolean hasOwnValues() {
    return step.op().hasWeights() || step.op() instanceof Op.Rearrange;
  }

  /** Weights or constants of a stream in the layout of the kernel; empty without any. */
  float[] packed(float[] kernelWeights) {
    if (step.op() instanceof Op.Rearrange) {
      return eachChannel(kernelWeights);
    }
    if (!step.op().hasWeights()) {
      return new float[0];
    }
    return isByChannel(step)
        ? WeightLayout.depthwise(step, kernelWeights)
        : WeightLayout.dense(step, params.depth(), kernelWeights);
  }

  /** Floats of what a kernel reads beside the outputs of layers, of one stream. */
  long weightFloats() {
    if (step.op() instanceof Op.Concat) {
      return (long) JoinedChannels.WORDS * params.outChannels();
    }
    if (step.op() instanceof Op.Rearrange) {
      return params.outStride();
    }
    if (!step.op().hasWeights()) {
      return 0;
    }
    return isByChannel(step) ? params.depth() : (long) params.depth() * params.outStride();
  }

  /**
   * What the kernel reads for both streams. Of an operation that takes a clamp, the biases, 0 where
   * there are none, then the lower and then the upper bounds of the channels, then the candidate's
   * biases, each padded; of others what their kernels say, integers by their bits.
   */
  float[] shared() {
    return switch (step.op()) {
      case Op.Rearrange r -> Uploads.bits(r.places(params.inStride()));
      case Op.Resize r -> taps(r);
      case Op.LeakyRelu r -> eachChannel(r.slope());
      case Op.LocalResponse r -> new float[] {r.alpha(), r.beta(), r.bias()};
      case LayerNorm n -> normValues(n);
      default -> step.op().takesClamp() ? channelValues() : new float[0];
    };
  }

  /** How many {@link #shared} there are. */
  long sharedFloats() {
    return switch (step.op()) {
      case Op.Rearrange r -> r.source().length;
      case Op.Resize r -> (long) TAP_WORDS * (r.height() + r.width());
      case Op.LeakyRelu ignored -> params.outStride();
      case Op.LocalResponse ignored -> 3;
      case LayerNorm ignored -> 2L * params.outStride() + 1;
      default -> step.op().takesClamp() ? 4L * params.outStride() : 0;
    };
  }

  private float[] eachChannel(float[] values) {
    return FloatTensor.eachChannel(values, params.outChannels(), params.outStride());
  }

  /** Scales and then shifts of the channels, each padded, and what is added to the variance. */
  private float[] normValues(LayerNorm op) {
    int stride = params.outStride();
    float[] values = Arrays.copyOf(eachChannel(op.scale()), 2 * stride + 1);
    System.arraycopy(eachChannel(op.shift()), 0, values, stride, stride);
    values[2 * stride] = op.epsilon();
    return values;
  }

  private float[] channelValues() {
    int stride = params.outStride();
    float[] values = new float[4 * stride];
    Clamp clamp = step.node().clamp();
    for (int c = 0; c < params.outChannels(); c++) {
      values[c] = step.op().hasWeights() ? step.bias()[c] : 0;
      values[stride + c] = clamp.lower(c);
      values[2 * stride + c] = clamp.upper(c);
      values[3 * stride + c] = step.op().hasWeights() ? step.quantizedBias()[c] : 0;
    }
    return values;
  }

  /**
   * For each row and then each column the two that it lies between, and the share of the second.
   */
  private float[] taps(Op.Resize op) {
    List<Sampling.Tap> all = new ArrayList<>(op.rows().taps(step.in().height(), op.height()));
    all.addAll(op.columns().taps(step.in().width(), op.width()));
    float[] words = new float[TAP_WORDS * all.size()];
    int at = 0;
    for (Sampling.Tap tap : all) {
      words[at++] = Float.intBitsToFloat(tap.low());
      words[at++] = Float.intBitsToFloat(tap.high());
      words[at++] = tap.share();
    }
    return words;
  }

  /** For failure messages. */
  String text() {
    Shape in = step.in();
    Shape out = step.out();
    return step.node().name() + ", " + in + " to " + out;
  }
}
