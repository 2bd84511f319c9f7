package io.depthscope.graph.exchange.keras;

import com.fasterxml.jackson.databind.JsonNode;
import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.exchange.keras.Models.Tensor;
import io.depthscope.graph.exchange.lowering.Attribute;
import io.depthscope.graph.exchange.lowering.FileGraphWriter;
import io.depthscope.graph.exchange.lowering.Refused;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * Layers in the words of ONNX's operators; what works on images is turned to [N, C, H, W] and back.
 */
final class Layers {
  private final FileGraphWriter out;
  private final Weights weights;
  private final Activations activations;
  private final Operations operations;

  Layers(FileGraphWriter out, Weights weights, int major) {
    this.out = out;
    this.weights = weights;
    this.activations = new Activations(out, major);
    this.operations = new Operations(out, activations);
  }

  /**
   * A call of a layer.
   *
   * @param name for its nodes: that of the layer, behind those of the models around it
   * @param stated the arguments as the file has them
   */
  record Use(
      LayerConfig config, String name, Weights.Place place, List<Tensor> inputs, JsonNode stated) {
    Tensor x() {
      if (inputs.size() != 1) {
        throw new Refused("reads " + inputs.size() + " values");
      }
      return inputs.getFirst();
    }

    /** All that it reads, of which there is something. */
    List<Tensor> some() {
      if (inputs.isEmpty()) {
        throw new Refused("reads nothing");
      }
      return inputs;
    }
  }

  /**
   * What a layer gives.
   *
   * @throws Refused if it cannot be told in ONNX's operators
   */
  Tensor translated(Use u) {
    LayerConfig c = u.config();
    if (c.text("data_format", "channels_last").equals("channels_first")) {
      throw new Refused("has its channels first, which cannot be read");
    }
    if (c.isOperation()) {
      return operations.translated(u);
    }
    String n = u.name();
    return switch (c.kind()) {
      case "Conv1D" -> convolution(u, 1);
      case "Conv2D" -> convolution(u, 2);
      case "DepthwiseConv2D" -> depthwise(u);
      case "SeparableConv2D" -> separable(u);
      case "Conv2DTranspose" -> transposed(u);
      case "Dense" -> dense(u);
      case "BatchNormalization" -> batchNorm(u);
      case "LayerNormalization" -> layerNorm(u);
      case "MaxPooling1D" -> pool(u, "MaxPool", 1);
      case "MaxPooling2D" -> pool(u, "MaxPool", 2);
      case "AveragePooling1D" -> pool(u, "AveragePool", 1);
      case "AveragePooling2D" -> pool(u, "AveragePool", 2);
      case "GlobalAveragePooling1D", "GlobalAveragePooling2D" -> global(u, "ReduceMean");
      case "GlobalMaxPooling1D", "GlobalMaxPooling2D" -> global(u, "ReduceMax");
      case "ZeroPadding1D" -> pad(u, 1);
      case "ZeroPadding2D" -> pad(u, 2);
      case "Cropping2D" -> crop(u);
      case "UpSampling2D" -> upSample(u);
      case "Activation" -> activations.named(n, u.x(), c, "activation");
      case "LayerScale" -> // of the ConvNeXt that comes with Keras
          with(
              u.x(),
              out.node(
                  n, "Mul", u.x().value(), out.constant(n + "/gamma", weight(u, "gamma", 0, 1))));
      case "ReLU" -> activations.relu(n, u.x(), c);
      case "LeakyReLU" ->
          with(
              u.x(),
              activations.leaky(
                  n, u.x().value(), c.real(c.has("alpha") ? "alpha" : "negative_slope", 0.3)));
      case "PReLU" -> {
        NdArray alpha = weights.get(u.place(), "alpha", 0);
        yield with(u.x(), out.node(n, "PRelu", u.x().value(), out.constant(n + "/alpha", alpha)));
      }
      case "ELU" -> with(u.x(), activations.elu(n, u.x().value(), c.real("alpha", 1)));
      case "Softmax" -> operations.softmax(u);
      case "Add" -> joined(u, "Add");
      case "Subtract" -> joined(u, "Sub");
      case "Multiply" -> joined(u, "Mul");
      case "Maximum" -> joined(u, "Max");
      case "Minimum" -> joined(u, "Min");
      case "Average" -> {
        Tensor sum = joined(u, "Add");
        String part = out.scalar(n + "/share", 1f / u.inputs().size());
        yield with(sum, out.node(n + "/mean", "Mul", sum.value(), part));
      }
      case "Concatenate" -> operations.concatenated(u, -1);
      case "Flatten" -> new Tensor(out.node(n, "Flatten", u.x().value()), 2);
      case "Reshape" -> {
        List<Integer> target = c.integers("target_shape");
        long[] to =
            LongStream.concat(LongStream.of(0), target.stream().mapToLong(i -> i)).toArray();
        String y = out.node(n, "Reshape", u.x().value(), out.row(n + "/shape", to));
        yield new Tensor(y, to.length);
      }
      case "Permute" -> {
        List<Integer> dims = c.integers("dims");
        long[] order =
            LongStream.concat(LongStream.of(0), dims.stream().mapToLong(i -> i)).toArray();
        yield with(u.x(), out.transposed(n, u.x().value(), order));
      }
      case "Rescaling" -> {
        String scaled = out.node(n, "Mul", u.x().value(), row(n + "/scale", c.reals("scale")));
        float[] offset = c.has("offset") ? c.reals("offset") : new float[1];
        yield with(u.x(), out.node(n + "/offset", "Add", scaled, row(n + "/offset", offset)));
      }
      case "Normalization" -> normalization(u);
      case "TFOpLambda" -> operations.function(u);
      case "Dropout",
          "SpatialDropout1D",
          "SpatialDropout2D",
          "AlphaDropout",
          "GaussianDropout",
          "GaussianNoise",
          "StochasticDepth",
          "ActivityRegularization",
          "RandomFlip",
          "RandomRotation",
          "RandomZoom",
          "RandomTranslation",
          "RandomContrast",
          "RandomBrightness" ->
          u.x();
      default -> throw new Refused("cannot run yet");
    };
  }

  /** A value of as many axes as another. */
  static Tensor with(Tensor like, String value) {
    return new Tensor(value, like.rank());
  }

  private String row(String name, float[] values) {
    return out.constant(
        name, NdArray.of(values.length == 1 ? new int[0] : new int[] {values.length}, values));
  }

  private NdArray weight(Use u, String word, int position, int rank) {
    NdArray w = weights.get(u.place(), word, position);
    if (w.rank() != rank) {
      throw new Refused("its " + word + " has " + w.rank() + " axes, not " + rank);
    }
    return w;
  }

  private String bias(Use u, int position) {
    return u.config().flag("use_bias", true)
        ? out.constant(u.name() + "/bias", weight(u, "bias", position, 1))
        : "";
  }

  /** An image or a row, channels first. */
  private String first(String name, Tensor x, int axes) {
    if (x.rank() != axes + 2) {
      throw new Refused("its input has " + x.rank() + " axes, not " + (axes + 2));
    }
    return axes == 2
        ? out.transposed(name, x.value(), 0, 3, 1, 2)
        : out.transposed(name, x.value(), 0, 2, 1);
  }

  private Tensor last(String name, String value, int axes) {
    return new Tensor(
        axes == 2 ? out.transposed(name, value, 0, 2, 3, 1) : out.transposed(name, value, 0, 2, 1),
        axes + 2);
  }

  private static Map<String, Attribute> window(LayerConfig c, int axes, String strides) {
    Map<String, Attribute> window = new HashMap<>();
    window.put("strides", new Attribute.Wholes(c.integers(strides, axes, 1)));
    window.put("auto_pad", new Attribute.Text(padding(c)));
    return window;
  }

  private static String padding(LayerConfig c) {
    return switch (c.text("padding", "valid")) {
      case "same" -> "SAME_UPPER";
      case "valid" -> "VALID";
      default -> throw new Refused("pads in another way than same and valid, which cannot run yet");
    };
  }

  private Map<String, Attribute> convolutionWindow(LayerConfig c, int axes, long groups) {
    Map<String, Attribute> window = window(c, axes, "strides");
    window.put("dilations", new Attribute.Wholes(c.integers("dilation_rate", axes, 1)));
    window.put("group", new Attribute.Whole(groups));
    return window;
  }

  private Tensor convolution(Use u, int axes) {
    LayerConfig c = u.config();
    String n = u.name();
    String kernel = out.constant(n + "/kernel", weight(u, "kernel", 0, axes + 2));
    String turned =
        axes == 2 ? out.transposed(n, kernel, 3, 2, 0, 1) : out.transposed(n, kernel, 2, 1, 0);
    Map<String, Attribute> window = convolutionWindow(c, axes, c.integer("groups", 1));
    String y = out.node(n, "Conv", window, first(n, u.x(), axes), turned, bias(u, 1));
    return activations.named(n, last(n, y, axes), c, "activation");
  }

  /** A kernel [H, W, C, M] as [C M, 1, H, W]. */
  private String perChannel(String name, NdArray kernel) {
    String turned = out.transposed(name, out.constant(name + "/kernel", kernel), 2, 3, 0, 1);
    long outputs = Math.multiplyExact((long) kernel.dim(2), kernel.dim(3));
    String rows = out.row(name + "/rows", outputs, 1, kernel.dim(0), kernel.dim(1));
    return out.node(name, "Reshape", turned, rows);
  }

  /** Keras 3 calls it kernel, earlier versions depthwise_kernel. */
  private NdArray depthwiseKernel(Use u) {
    try {
      return weight(u, "depthwise_kernel", 0, 4);
    } catch (Refused e) {
      return weight(u, "kernel", 0, 4);
    }
  }

  private Tensor depthwise(Use u) {
    String n = u.name();
    NdArray kernel = depthwiseKernel(u);
    Map<String, Attribute> window = convolutionWindow(u.config(), 2, kernel.dim(2));
    String y = out.node(n, "Conv", window, first(n, u.x(), 2), perChannel(n, kernel), bias(u, 1));
    return activations.named(n, last(n, y, 2), u.config(), "activation");
  }

  private Tensor separable(Use u) {
    String n = u.name();
    String inner = n + "/depthwise";
    NdArray kernel = weight(u, "depthwise_kernel", 0, 4);
    Map<String, Attribute> window = convolutionWindow(u.config(), 2, kernel.dim(2));
    String x = out.node(inner, "Conv", window, first(n, u.x(), 2), perChannel(inner, kernel));
    String pointwise = out.constant(n + "/pointwise", weight(u, "pointwise_kernel", 1, 4));
    String y = out.node(n, "Conv", x, out.transposed(n, pointwise, 3, 2, 0, 1), bias(u, 2));
    return activations.named(n, last(n, y, 2), u.config(), "activation");
  }

  private Tensor transposed(Use u) {
    LayerConfig c = u.config();
    String n = u.name();
    NdArray kernel = weight(u, "kernel", 0, 4);
    if (c.has("output_padding") || c.integer("groups", 1) != 1) {
      throw new Refused("states its output's padding or groups, which cannot run yet");
    }
    boolean same = padding(c).equals("SAME_UPPER");
    long[] strides = c.integers("strides", 2, 1);
    long[] dilations = c.integers("dilation_rate", 2, 1);
    long[] pads = new long[4];
    long[] rest = new long[2];
    for (int d = 0; d < 2; d++) {
      // The output is stride times as large: what windows reach beyond it is cut off.
      long beyond = (kernel.dim(d) - 1) * dilations[d] + 1 - strides[d];
      pads[d] = same ? Math.max(0, beyond) / 2 : 0;
      pads[2 + d] = same ? Math.max(0, beyond) - pads[d] : 0;
      rest[d] = Math.max(0, -beyond);
    }
    Map<String, Attribute> window =
        Map.of(
            "strides", new Attribute.Wholes(strides),
            "dilations", new Attribute.Wholes(dilations),
            "pads", new Attribute.Wholes(pads),
            "output_padding", new Attribute.Wholes(rest));
    String turned = out.transposed(n, out.constant(n + "/kernel", kernel), 3, 2, 0, 1);
    String y = out.node(n, "ConvTranspose", window, first(n, u.x(), 2), turned, bias(u, 1));
    return activations.named(n, last(n, y, 2), c, "activation");
  }

  private Tensor dense(Use u) {
    String n = u.name();
    String kernel = out.constant(n + "/kernel", weight(u, "kernel", 0, 2));
    String bias = bias(u, 1);
    String y;
    if (u.x().rank() == 2) {
      y = out.node(n, "Gemm", u.x().value(), kernel, bias);
    } else {
      y = out.node(n, "MatMul", u.x().value(), kernel);
      y = bias.isEmpty() ? y : out.node(n + "/bias", "Add", y, bias);
    }
    return activations.named(n, with(u.x(), y), u.config(), "activation");
  }

  private Tensor batchNorm(Use u) {
    LayerConfig c = u.config();
    String n = u.name();
    int rank = u.x().rank();
    checkChannels(c, rank);
    List<String> words = new ArrayList<>();
    words.add(c.flag("scale", true) ? "gamma" : "");
    words.add(c.flag("center", true) ? "beta" : "");
    words.add("moving_mean");
    words.add("moving_variance");
    NdArray variance =
        weight(u, "moving_variance", (int) words.stream().filter(w -> !w.isEmpty()).count() - 1, 1);
    List<String> stored = new ArrayList<>();
    int position = 0;
    for (String word : words) {
      float[] usual = new float[variance.size()];
      Arrays.fill(usual, stored.isEmpty() ? 1 : 0);
      NdArray w =
          word.isEmpty() ? NdArray.of(variance.dims(), usual) : weight(u, word, position++, 1);
      stored.add(out.constant(n + "/" + (word.isEmpty() ? "none" : word), w));
    }
    Map<String, Attribute> epsilon =
        Map.of("epsilon", new Attribute.Real((float) c.real("epsilon", 1e-3)));
    int axes = rank - 2;
    String x = axes == 1 || axes == 2 ? first(n, u.x(), axes) : u.x().value();
    String y =
        out.node(
            n,
            "BatchNormalization",
            epsilon,
            x,
            stored.get(0),
            stored.get(1),
            stored.get(2),
            stored.get(3));
    return axes == 1 || axes == 2 ? last(n, y, axes) : with(u.x(), y);
  }

  /** Refuses what normalizes along other axes than channels. */
  private static void checkChannels(LayerConfig c, int rank) {
    long axis =
        c.has("axis") && c.json().get("axis").isArray()
            ? c.integers("axis", 1, -1)[0]
            : c.integer("axis", -1);
    if (axis != -1 && axis != rank - 1) {
      throw new Refused("normalizes along axis " + axis + " of " + rank);
    }
  }

  private Tensor layerNorm(Use u) {
    LayerConfig c = u.config();
    String n = u.name();
    checkChannels(c, u.x().rank());
    if (c.flag("rms_scaling", false)) {
      throw new Refused("normalizes by the root of the squares, which cannot run yet");
    }
    boolean scales = c.flag("scale", true);
    String scale =
        scales ? out.constant(n + "/gamma", weight(u, "gamma", 0, 1)) : out.scalar(n + "/gamma", 1);
    String shift =
        c.flag("center", true)
            ? out.constant(n + "/beta", weight(u, "beta", scales ? 1 : 0, 1))
            : "";
    Map<String, Attribute> how =
        Map.of(
            "axis", new Attribute.Whole(-1),
            "epsilon", new Attribute.Real((float) c.real("epsilon", 1e-3)));
    return with(u.x(), out.node(n, "LayerNormalization", how, u.x().value(), scale, shift));
  }

  private Tensor pool(Use u, String op, int axes) {
    LayerConfig c = u.config();
    String n = u.name();
    Map<String, Attribute> window = window(c, axes, c.has("strides") ? "strides" : "pool_size");
    window.put("kernel_shape", new Attribute.Wholes(c.integers("pool_size", axes, 2)));
    if (!c.has("strides") && !c.has("pool_size")) {
      window.put("strides", new Attribute.Wholes(c.integers("pool_size", axes, 2)));
    }
    return last(n, out.node(n, op, window, first(n, u.x(), axes)), axes);
  }

  private Tensor global(Use u, String op) {
    int rank = u.x().rank();
    if (rank != 3 && rank != 4) {
      throw new Refused("its input has " + rank + " axes");
    }
    boolean keeps = u.config().flag("keepdims", false);
    Map<String, Attribute> how =
        Map.of(
            "axes",
            rank == 4 ? new Attribute.Wholes(1, 2) : new Attribute.Wholes(1),
            "keepdims",
            new Attribute.Whole(keeps ? 1 : 0));
    return new Tensor(out.node(u.name(), op, how, u.x().value()), keeps ? rank : 2);
  }

  private Tensor pad(Use u, int axes) {
    String n = u.name();
    long[] margins = u.config().margins("padding", axes);
    long[] pads = new long[2 * (axes + 2)];
    for (int d = 0; d < axes; d++) {
      pads[d + 2] = margins[2 * d];
      pads[axes + 2 + d + 2] = margins[2 * d + 1];
    }
    String y = out.node(n, "Pad", first(n, u.x(), axes), out.row(n + "/pads", pads));
    return last(n, y, axes);
  }

  private Tensor crop(Use u) {
    String n = u.name();
    long[] margins = u.config().margins("cropping", 2);
    long[] ends = new long[2];
    for (int d = 0; d < 2; d++) {
      ends[d] = margins[2 * d + 1] == 0 ? Integer.MAX_VALUE : -margins[2 * d + 1];
    }
    String y =
        out.node(
            n,
            "Slice",
            first(n, u.x(), 2),
            out.row(n + "/starts", margins[0], margins[2]),
            out.row(n + "/ends", ends),
            out.row(n + "/axes", 2, 3));
    return last(n, y, 2);
  }

  private Tensor upSample(Use u) {
    String n = u.name();
    String mode =
        switch (u.config().text("interpolation", "nearest")) {
          case "nearest" -> "nearest";
          case "bilinear" -> "linear";
          default -> throw new Refused("interpolates in a way that cannot run yet");
        };
    long[] times = u.config().integers("size", 2, 2);
    NdArray scales = NdArray.of(new int[] {4}, new float[] {1, 1, times[0], times[1]});
    Map<String, Attribute> how =
        Map.of(
            "mode", new Attribute.Text(mode),
            "coordinate_transformation_mode", new Attribute.Text("half_pixel"),
            "nearest_mode", new Attribute.Text("round_prefer_ceil"));
    String x = first(n, u.x(), 2);
    return last(n, out.node(n, "Resize", how, x, "", out.constant(n + "/scales", scales)), 2);
  }

  private Tensor joined(Use u, String op) {
    Tensor all = u.some().getFirst();
    for (int i = 1; i < u.inputs().size(); i++) {
      String part = i == u.inputs().size() - 1 ? u.name() : u.name() + "/" + i;
      all = operations.combined(part, op, all, u.inputs().get(i));
    }
    return all;
  }

  private Tensor normalization(Use u) {
    LayerConfig c = u.config();
    String n = u.name();
    boolean told = c.has("mean") && c.has("variance");
    float[] mean = told ? c.reals("mean") : weights.get(u.place(), "mean", 0).floats();
    float[] variance = told ? c.reals("variance") : weights.get(u.place(), "variance", 1).floats();
    List<Integer> axis =
        !c.has("axis")
            ? List.of()
            : c.json().get("axis").isArray() ? c.integers("axis") : List.of(c.integer("axis", -1));
    boolean channels = axis.equals(List.of(-1)) || axis.equals(List.of(u.x().rank() - 1));
    if (c.flag("invert", false)
        || (!channels && mean.length != 1)
        || mean.length != variance.length) {
      throw new Refused("normalizes along other axes than channels, which cannot run yet");
    }
    float[] deviation = new float[variance.length];
    for (int i = 0; i < deviation.length; i++) {
      deviation[i] = Math.max((float) Math.sqrt(variance[i]), 1e-7f);
    }
    String centred = out.node(n, "Sub", u.x().value(), row(n + "/mean", mean));
    return with(u.x(), out.node(n + "/scale", "Div", centred, row(n + "/deviation", deviation)));
  }
}
