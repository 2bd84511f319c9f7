package io.depthscope.graph.exchange.lowering;

import io.depthscope.graph.BatchNorm;
import io.depthscope.graph.LayerParameters;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import io.depthscope.graph.Window;
import io.depthscope.graph.draft.DraftOp;
import io.depthscope.graph.draft.Moves;
import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.draft.NodeCodes;
import io.depthscope.graph.draft.View;
import io.depthscope.graph.exchange.KernelLayout;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Nodes with windows or weights: convolutions, pools, products with a matrix, batch norms. */
final class LayerLowering {
  static final int LARGEST = 1 << 16;

  private final Sketch sketch;

  LayerLowering(Sketch sketch) {
    this.sketch = sketch;
  }

  Value convolution(Inputs in) {
    FileNode node = in.node();
    Value.Live x = in.live(0);
    NdArray weights = in.constant(1);
    int rank = x.view().rank();
    if (weights.rank() != rank) {
      throw new Refused("its weights have " + weights.rank() + " axes, its input " + rank);
    }
    int from = sketch.nchw(node.name(), x);
    int outputs = weights.dim(0);
    int depth = weights.dim(1);
    int kernelH = rank == 4 ? weights.dim(2) : 1;
    int kernelW = weights.dim(rank - 1);
    Extent kernel = new Extent(kernelH, kernelW);
    int[] stated =
        node.small("kernel_shape", rank == 4 ? new int[] {kernelH, kernelW} : new int[] {kernelW});
    if (stated[stated.length - 1] != kernelW || stated[0] != (rank == 4 ? kernelH : kernelW)) {
      throw new Refused(
          "kernel_shape is " + Arrays.toString(stated) + ", its weights are " + weights);
    }
    int groups = node.small("group", 1);
    Window window = window(node, kernel, sketch.shape(from), rank, false);
    DraftOp op = new DraftOp.Of(new Op.Convolution(window, groups, outputs));
    int channels = sketch.shape(from).channels();
    if (groups < 1 || channels % groups != 0 || channels / groups != depth) {
      throw new Refused(
          "its weights "
              + weights
              + " do not fit "
              + channels
              + " channels in "
              + groups
              + " groups");
    }
    Optional<float[]> bias =
        in.has(2) ? Optional.of(vector(in.constant(2), outputs, "bias")) : Optional.empty();
    LayerParameters parameters =
        new LayerParameters(
            KernelLayout.OIHW.toOwn(
                FloatTensor.of(weights.floats(), outputs, depth, kernelH, kernelW),
                new int[] {outputs, kernelH, kernelW, depth}),
            bias,
            Optional.empty());
    Value.Live made = sketch.addNchw(node.name(), op, List.of(from), Optional.of(parameters), rank);
    sketch.quantize(made.node(), QuantLowering.ofWeights(in, 1, 0));
    return made;
  }

  private record Extent(int height, int width) {}

  private static float[] vector(NdArray x, int n, String what) {
    if (x.size() != n) {
      throw new Refused(what + " has " + x.size() + " values, not " + n);
    }
    return x.floats();
  }

  /**
   * The window of a node.
   *
   * @param ceil round the number of outputs up, by more padding behind
   */
  private static Window window(FileNode node, Extent kernel, Shape in, int rank, boolean ceil) {
    int n = rank - 2;
    int[] ones = new int[n];
    Arrays.fill(ones, 1);
    int[] strides = pair(node.small("strides", ones), 1);
    int[] dilations = pair(node.small("dilations", ones), 1);
    int[] pads = node.small("pads", new int[2 * n]);
    int[] before = pair(Arrays.copyOf(pads, n), 0);
    int[] after = pair(Arrays.copyOfRange(pads, n, 2 * n), 0);
    int[] kernels = {kernel.height(), kernel.width()};
    for (int[] each : List.of(strides, dilations, before, after, kernels)) {
      for (int v : each) {
        if (v < 0 || v > LARGEST) {
          throw new Refused("its window has an extent, stride or padding of " + v);
        }
      }
    }
    for (int d = 0; d < 2; d++) {
      if (strides[d] == 0 || kernels[d] == 0) {
        throw new Refused("its window has no extent or stride");
      }
    }
    Window bare =
        new Window(
            kernels[0],
            kernels[1],
            strides[0],
            strides[1],
            dilations[0],
            dilations[1],
            Padding.NONE);
    String auto = node.text("auto_pad", "NOTSET");
    return bare.padded(
        switch (auto) {
          case "NOTSET", "" -> {
            Padding all = new Padding(before[0], after[0], before[1], after[1]);
            yield ceil ? roundedUp(bare, all, in) : all;
          }
          case "VALID" -> Padding.NONE;
          case "SAME_UPPER" -> bare.same(in);
          case "SAME_LOWER" -> bare.same(in).turned();
          default -> throw new Refused("auto_pad is the unknown word " + auto);
        });
  }

  private static Padding roundedUp(Window w, Padding p, Shape in) {
    int rows = rest(in.height(), p.top(), p.bottom(), w.extentH(), w.strideH());
    int columns = rest(in.width(), p.left(), p.right(), w.extentW(), w.strideW());
    return new Padding(p.top(), Math.max(p.bottom(), rows), p.left(), Math.max(p.right(), columns));
  }

  /** Padding behind with which the last window, which starts inside, is whole. */
  private static int rest(int extent, int before, int after, int reach, int stride) {
    int outputs = Math.ceilDiv(Math.max(0, extent + before + after - reach), stride) + 1;
    if ((outputs - 1) * stride >= extent + before) {
      outputs--;
    }
    return (outputs - 1) * stride + reach - extent - before;
  }

  /** Height and width of what is stated for them, or for the width alone. */
  private static int[] pair(int[] stated, int height) {
    return stated.length == 2 ? stated : new int[] {height, stated[0]};
  }

  Value pool(Inputs in, Op.Pool.Kind kind) {
    FileNode node = in.node();
    Value.Live x = in.live(0);
    int rank = x.view().rank();
    int from = sketch.nchw(node.name(), x);
    if (!node.has("kernel_shape")) {
      throw new Refused("kernel_shape is missing");
    }
    int[] stated = pair(node.small("kernel_shape", new int[rank - 2]), 1);
    boolean ceil = node.integer("ceil_mode", 0) != 0;
    Window window = window(node, new Extent(stated[0], stated[1]), sketch.shape(from), rank, ceil);
    boolean counts = kind == Op.Pool.Kind.AVERAGE && node.integer("count_include_pad", 0) != 0;
    int[] pads = node.small("pads", new int[2 * (rank - 2)]);
    if (counts && !window.padding().equals(Padding.NONE)) {
      // Zeros that count are values like others. What is rounded up beyond them does not count.
      boolean same = !node.text("auto_pad", "NOTSET").equals("NOTSET");
      Padding all = window.padding();
      int[] after = pair(Arrays.copyOfRange(pads, rank - 2, pads.length), 0);
      Padding zeros =
          same
              ? all
              : new Padding(
                  all.top(),
                  Math.min(all.bottom(), after[0]),
                  all.left(),
                  Math.min(all.right(), after[1]));
      Padding beyond =
          new Padding(0, all.bottom() - zeros.bottom(), 0, all.right() - zeros.right());
      DraftOp pad = new DraftOp.Pad(zeros, 0);
      from =
          sketch.addNchw(node.name() + "/pad", pad, List.of(from), Optional.empty(), rank).node();
      window = window.padded(beyond);
    }
    DraftOp op = new DraftOp.Of(Op.Pool.of(kind, window));
    return sketch.addNchw(node.name(), op, List.of(from), Optional.empty(), rank);
  }

  Value globalPool(Inputs in, Op.Pool.Kind kind) {
    Value.Live x = in.live(0);
    int from = sketch.nchw(in.node().name(), x);
    DraftOp op = new DraftOp.Of(new Op.Pool(kind, Optional.empty()));
    return sketch.addNchw(in.node().name(), op, List.of(from), Optional.empty(), x.view().rank());
  }

  Value batchNorm(Inputs in) {
    FileNode node = in.node();
    Value.Live x = in.live(0);
    if (node.integer("training_mode", 0) != 0 || node.integer("spatial", 1) == 0) {
      throw Refused.notYet();
    }
    if (x.view().rank() < 2) {
      throw new Refused("its input has " + x.view().rank() + " axes");
    }
    int channels = sketch.shape(x.node()).channels();
    if (!sketch.isAllChannels(x, 1)) {
      sketch.needsLayout(x);
      throw new Refused("its input mixes channels and positions");
    }
    int[] places = x.view().channelsOf(1);
    float[][] stored = new float[4][];
    String[] words = {"scale", "B", "mean", "var"};
    for (int k = 0; k < 4; k++) {
      float[] values = vector(in.constant(k + 1), channels, words[k]);
      stored[k] = new float[channels];
      for (int c = 0; c < channels; c++) {
        stored[k][places[c]] = values[c];
      }
    }
    float epsilon = node.real("epsilon", 1e-5f);
    BatchNorm norm = new BatchNorm(stored[0], stored[1], stored[2], stored[3], epsilon);
    return normalized(node.name(), x, norm);
  }

  /** Each channel of a value scaled and shifted. */
  Value.Live normalized(String name, Value.Live x, BatchNorm norm) {
    DraftOp op = new DraftOp.Normalize(norm);
    int made = sketch.add(name, op, List.of(x.node()), Optional.empty(), x.view());
    return new Value.Live(made, x.view());
  }

  Value gemm(Inputs in) {
    FileNode node = in.node();
    Value.Live a = in.live(0);
    NdArray b = in.constant(1);
    if (node.integer("transA", 0) != 0 || a.view().rank() != 2 || b.rank() != 2) {
      throw Refused.notYet();
    }
    boolean transposed = node.integer("transB", 0) != 0;
    int outputs = b.dim(transposed ? 0 : 1);
    Optional<float[]> bias = Optional.empty();
    if (in.has(2)) {
      NdArray c = in.constant(2);
      if (c.rank() > 2
          || (c.size() != 1 && c.size() != outputs)
          || (c.size() > 1 && c.dim(c.rank() - 1) != outputs)) {
        throw new Refused("its term " + c + " does not fit " + outputs + " outputs");
      }
      float beta = node.real("beta", 1);
      float[] each = new float[outputs];
      for (int o = 0; o < outputs; o++) {
        each[o] = beta * c.floats()[c.size() == 1 ? 0 : o];
      }
      bias = Optional.of(each);
    }
    float alpha = node.real("alpha", 1);
    // Weights of another scale have other codes.
    NodeCodes codes =
        alpha == 1 ? QuantLowering.ofWeights(in, 1, transposed ? 0 : 1) : NodeCodes.NONE;
    return linear(node.name(), a, b, transposed, alpha, bias, codes);
  }

  Value matMul(Inputs in) {
    NdArray b = in.constant(1);
    if (b.rank() != 2) {
      throw Refused.notYet();
    }
    NodeCodes codes = QuantLowering.ofWeights(in, 1, 1);
    return linear(in.node().name(), in.live(0), b, false, 1, Optional.empty(), codes);
  }

  /**
   * The last axis of a value times a matrix: at each position, if it is the channels; else a window
   * over all of it, if it is everything.
   *
   * @param b [K, O], or [O, K] if transposed
   */
  private Value linear(
      String name,
      Value.Live a,
      NdArray b,
      boolean transposed,
      float alpha,
      Optional<float[]> bias,
      NodeCodes codes) {
    int rank = a.view().rank();
    int last = rank - 1;
    // What is multiplied along its last axis has its channels there.
    sketch.needsChannelsLast(a);
    int depth = b.dim(transposed ? 1 : 0);
    int outputs = b.dim(transposed ? 0 : 1);
    if (rank < 2 || a.view().extent(last) != depth) {
      throw new Refused(
          "its input " + Arrays.toString(a.view().extents()) + " does not fit its weights " + b);
    }
    Shape in = sketch.shape(a.node());
    boolean everything = in.size() == depth;
    if (!everything && !sketch.isAllChannels(a, last)) {
      throw new Refused("its input mixes channels and positions");
    }
    // Where the values along the axis lie: in the whole output, or among the channels.
    int[] places = everything ? a.view().places(in) : a.view().channelsOf(last);
    float[] w = b.floats();
    float[] kernel = new float[w.length];
    for (int o = 0; o < outputs; o++) {
      for (int k = 0; k < depth; k++) {
        kernel[o * depth + places[k]] = alpha * w[transposed ? o * depth + k : k * outputs + o];
      }
    }
    boolean wide = everything && in.positions() > 1;
    Window window = wide ? Window.global(in) : Window.POINTWISE;
    int[] dims = {
      outputs, window.kernelH(), window.kernelW(), depth / (window.kernelH() * window.kernelW())
    };
    LayerParameters parameters =
        new LayerParameters(FloatTensor.of(kernel, dims), bias, Optional.empty());
    View view = a.view().withChannels(last, outputs);
    DraftOp op = new DraftOp.Of(Op.Convolution.dense(window, outputs));
    int made = sketch.add(name, op, List.of(a.node()), Optional.of(parameters), view);
    sketch.quantize(made, codes);
    return new Value.Live(made, view);
  }

  /**
   * The gradient of a convolution: what it reads is spread by the strides, and an ordinary
   * convolution with the kernel turned around runs over that.
   */
  Value transposedConvolution(Inputs in) {
    FileNode node = in.node();
    Value.Live x = in.live(0);
    NdArray weights = in.constant(1);
    int rank = x.view().rank();
    int from = sketch.nchw(node.name(), x);
    Shape shape = sketch.shape(from);
    int groups = node.small("group", 1);
    if (weights.rank() != rank
        || groups < 1
        || weights.dim(0) != shape.channels()
        || weights.dim(0) % groups != 0) {
      throw new Refused(
          "its weights " + weights + " do not fit " + shape + " in " + groups + " groups");
    }
    int kernelH = rank == 4 ? weights.dim(2) : 1;
    int kernelW = weights.dim(rank - 1);
    int outputs = Math.multiplyExact(weights.dim(1), groups);
    Spread rows = Spread.of(node, 0, rank, kernelH, shape.height());
    Spread columns = Spread.of(node, 1, rank, kernelW, shape.width());
    if (rows.isMove() || columns.isMove()) {
      Op spread =
          Moves.byAxis(
              shape,
              rows.places(),
              columns.places(),
              Moves.all(shape.channels()),
              new float[1],
              "zeros-between");
      String name = node.name() + "/spread";
      DraftOp op = new DraftOp.Of(spread);
      from = sketch.addNchw(name, op, List.of(from), Optional.empty(), rank).node();
    }
    Padding padding =
        new Padding(rows.padBefore(), rows.padAfter(), columns.padBefore(), columns.padAfter());
    Window window =
        new Window(kernelH, kernelW, 1, 1, rows.dilation(), columns.dilation(), padding);
    Optional<float[]> bias =
        in.has(2) ? Optional.of(vector(in.constant(2), outputs, "bias")) : Optional.empty();
    FloatTensor kernel = turned(weights.floats(), groups, outputs, shape, kernelH, kernelW);
    DraftOp op = new DraftOp.Of(new Op.Convolution(window, groups, outputs));
    LayerParameters parameters = new LayerParameters(kernel, bias, Optional.empty());
    return sketch.addNchw(node.name(), op, List.of(from), Optional.of(parameters), rank);
  }

  /** [I, O / groups, KH, KW] to our own order, each window turned around. */
  private static FloatTensor turned(
      float[] w, int groups, int outputs, Shape in, int kernelH, int kernelW) {
    int depth = in.channels() / groups;
    int each = outputs / groups;
    int taps = kernelH * kernelW;
    float[] kernel = new float[w.length];
    for (int o = 0; o < outputs; o++) {
      for (int t = 0; t < taps; t++) {
        for (int i = 0; i < depth; i++) {
          int input = o / each * depth + i;
          kernel[(o * taps + t) * depth + i] = w[(input * each + o % each) * taps + taps - 1 - t];
        }
      }
    }
    return FloatTensor.of(kernel, outputs, kernelH, kernelW, depth);
  }

  Value localResponse(Inputs in) {
    FileNode node = in.node();
    Value.Live x = in.live(0);
    Op op =
        new Op.LocalResponse(
            node.small("size", 0),
            node.real("alpha", 1e-4f),
            node.real("beta", 0.75f),
            node.real("bias", 1));
    int from = sketch.nchw(node.name(), x);
    return sketch.addNchw(
        node.name(), new DraftOp.Of(op), List.of(from), Optional.empty(), x.view().rank());
  }
}
