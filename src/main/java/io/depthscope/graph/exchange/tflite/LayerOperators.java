package io.depthscope.graph.exchange.tflite;

import io.depthscope.graph.exchange.lowering.Attribute;
import io.depthscope.graph.exchange.lowering.Refused;
import java.util.Map;
import java.util.Optional;
import org.tensorflow.lite.schema.BatchMatMulOptions;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.Conv2DOptions;
import org.tensorflow.lite.schema.DepthToSpaceOptions;
import org.tensorflow.lite.schema.DepthwiseConv2DOptions;
import org.tensorflow.lite.schema.FullyConnectedOptions;
import org.tensorflow.lite.schema.FullyConnectedOptionsWeightsFormat;
import org.tensorflow.lite.schema.LocalResponseNormalizationOptions;
import org.tensorflow.lite.schema.MirrorPadOptions;
import org.tensorflow.lite.schema.Padding;
import org.tensorflow.lite.schema.Pool2DOptions;
import org.tensorflow.lite.schema.ResizeBilinearOptions;
import org.tensorflow.lite.schema.ResizeNearestNeighborOptions;
import org.tensorflow.lite.schema.SpaceToDepthOptions;
import org.tensorflow.lite.schema.TransposeConvOptions;

/** Operators with weights or windows. What they read is turned to [N, C, H, W] and back. */
final class LayerOperators {
  private LayerOperators() {}

  /** The value that an operator gives; empty if it is none of these. */
  static Optional<String> translated(Step s) {
    return Optional.ofNullable(
        switch (s.op().code()) {
          case BuiltinOperator.CONV_2D -> convolution(s);
          case BuiltinOperator.DEPTHWISE_CONV_2D -> depthwise(s);
          case BuiltinOperator.TRANSPOSE_CONV -> transposed(s);
          case BuiltinOperator.FULLY_CONNECTED -> fullyConnected(s);
          case BuiltinOperator.BATCH_MATMUL -> product(s);
          case BuiltinOperator.AVERAGE_POOL_2D -> pool(s, "AveragePool");
          case BuiltinOperator.MAX_POOL_2D -> pool(s, "MaxPool");
          case BuiltinOperator.PAD, BuiltinOperator.PADV2 -> pad(s, "constant");
          case BuiltinOperator.MIRROR_PAD ->
              pad(
                  s,
                  s.options(BuiltinOptions.MirrorPadOptions, new MirrorPadOptions()).mode() == 0
                      ? "reflect"
                      : "symmetric");
          case BuiltinOperator.RESIZE_BILINEAR -> {
            ResizeBilinearOptions o =
                s.options(BuiltinOptions.ResizeBilinearOptions, new ResizeBilinearOptions());
            yield resize(s, "linear", o.alignCorners(), o.halfPixelCenters());
          }
          case BuiltinOperator.RESIZE_NEAREST_NEIGHBOR -> {
            ResizeNearestNeighborOptions o =
                s.options(
                    BuiltinOptions.ResizeNearestNeighborOptions,
                    new ResizeNearestNeighborOptions());
            yield resize(s, "nearest", o.alignCorners(), o.halfPixelCenters());
          }
          case BuiltinOperator.DEPTH_TO_SPACE -> {
            int block =
                s.options(BuiltinOptions.DepthToSpaceOptions, new DepthToSpaceOptions())
                    .blockSize();
            yield turned(
                s,
                "DepthToSpace",
                Map.of("blocksize", new Attribute.Whole(block), "mode", new Attribute.Text("DCR")));
          }
          case BuiltinOperator.SPACE_TO_DEPTH -> {
            int block =
                s.options(BuiltinOptions.SpaceToDepthOptions, new SpaceToDepthOptions())
                    .blockSize();
            yield turned(s, "SpaceToDepth", Map.of("blocksize", new Attribute.Whole(block)));
          }
          case BuiltinOperator.LOCAL_RESPONSE_NORMALIZATION -> responses(s);
          default -> null;
        });
  }

  /** An operator of one input. */
  private static String turned(Step s, String op, Map<String, Attribute> attributes) {
    String y = s.out().node(s.name(), op, attributes, s.channelsFirst(0));
    return s.channelsLast(y, s.in(0).rank());
  }

  private static Attribute pair(long height, long width) {
    return new Attribute.Wholes(height, width);
  }

  private static Attribute padding(byte padding) {
    return new Attribute.Text(
        switch (padding) {
          case Padding.SAME -> "SAME_UPPER";
          case Padding.VALID -> "VALID";
          default -> throw new Refused("pads in the unknown way " + padding);
        });
  }

  private static void image(TfliteTensor t) {
    if (t.rank() != 4) {
      throw new Refused("its input has " + t.rank() + " axes");
    }
  }

  private static String convolution(Step s) {
    Conv2DOptions o = s.options(BuiltinOptions.Conv2DOptions, new Conv2DOptions());
    image(s.in(0));
    String weights = s.weights(1, 0, 3, 1, 2);
    int channels = s.in(0).shape()[3];
    int depth = s.in(1).shape()[3];
    if (depth < 1 || channels % depth != 0) {
      throw new Refused("its weights take " + depth + " channels of " + channels);
    }
    Map<String, Attribute> window =
        Map.of(
            "strides", pair(o.strideH(), o.strideW()),
            "dilations", pair(o.dilationHFactor(), o.dilationWFactor()),
            "auto_pad", padding(o.padding()),
            "group", new Attribute.Whole(channels / depth));
    return convolved(s, window, weights);
  }

  private static String depthwise(Step s) {
    DepthwiseConv2DOptions o =
        s.options(BuiltinOptions.DepthwiseConv2DOptions, new DepthwiseConv2DOptions());
    image(s.in(0));
    String weights = s.weights(1, 3, 0, 1, 2);
    Map<String, Attribute> window =
        Map.of(
            "strides", pair(o.strideH(), o.strideW()),
            "dilations", pair(o.dilationHFactor(), o.dilationWFactor()),
            "auto_pad", padding(o.padding()),
            "group", new Attribute.Whole(s.in(0).shape()[3]));
    return convolved(s, window, weights);
  }

  private static String convolved(Step s, Map<String, Attribute> window, String weights) {
    String bias = s.has(2) ? s.value(2) : "";
    String y = s.out().node(s.name(), "Conv", window, s.channelsFirst(0), weights, bias);
    return s.channelsLast(s.activated(y), 4);
  }

  private static String transposed(Step s) {
    TransposeConvOptions o =
        s.options(BuiltinOptions.TransposeConvOptions, new TransposeConvOptions());
    image(s.in(2));
    String weights = s.weights(1, 3, 0, 1, 2);
    int[] kernel = s.in(1).shape();
    long[] to = s.integers(0, "output's shape");
    if (to.length != 4) {
      throw new Refused("its output's shape has " + to.length + " numbers");
    }
    padding(o.padding());
    long[] pads = new long[4];
    long[] rest = new long[2];
    int[] strides = {o.strideH(), o.strideW()};
    for (int d = 0; d < 2; d++) {
      // What the windows reach beyond the output is cut off, the smaller half before it.
      long all = (s.in(2).shape()[d + 1] - 1L) * strides[d] + kernel[d + 1] - to[d + 1];
      pads[d] = Math.max(0, all) / 2;
      pads[2 + d] = Math.max(0, all) - pads[d];
      rest[d] = Math.max(0, -all);
    }
    Map<String, Attribute> window =
        Map.of(
            "strides", pair(strides[0], strides[1]),
            "pads", new Attribute.Wholes(pads),
            "output_padding", new Attribute.Wholes(rest));
    String bias = s.has(3) ? s.value(3) : "";
    String y = s.out().node(s.name(), "ConvTranspose", window, s.channelsFirst(2), weights, bias);
    return s.channelsLast(s.activated(y), 4);
  }

  private static String fullyConnected(Step s) {
    FullyConnectedOptions o =
        s.options(BuiltinOptions.FullyConnectedOptions, new FullyConnectedOptions());
    if (o.weightsFormat() != FullyConnectedOptionsWeightsFormat.DEFAULT) {
      throw new Refused("its weights are shuffled, which cannot be read");
    }
    int[] from = s.in(0).shape();
    int[] weights = s.in(1).shape();
    if (weights.length != 2) {
      throw new Refused("its weights have " + weights.length + " axes");
    }
    String x = s.value(0);
    String y;
    if (o.keepNumDims() && from.length != 2) {
      y = s.out().node(s.name(), "MatMul", x, s.weights(1, 1, 0));
      y = s.has(2) ? s.out().node(s.name() + "/bias", "Add", y, s.value(2)) : y;
    } else {
      if (from.length != 2 || from[1] != weights[1]) {
        String rows = s.out().row(s.name() + "/rows", -1, weights[1]);
        x = s.out().node(s.name() + "/rows", "Reshape", x, rows);
      }
      String bias = s.has(2) ? s.value(2) : "";
      Map<String, Attribute> turned = Map.of("transB", new Attribute.Whole(1));
      y = s.out().node(s.name(), "Gemm", turned, x, s.value(1), bias);
    }
    return s.activated(y);
  }

  private static String product(Step s) {
    BatchMatMulOptions o = s.options(BuiltinOptions.BatchMatMulOptions, new BatchMatMulOptions());
    int[] weights = s.in(1).shape();
    int n = weights.length;
    for (int d = 0; d < n - 2; d++) {
      if (weights[d] != 1) {
        throw new Refused("multiplies by " + weights[d] + " matrices, which cannot run yet");
      }
    }
    if (o.adjX() || n < 2) {
      throw new Refused("multiplies what is turned, which cannot run yet");
    }
    String b = s.value(1);
    if (n > 2) {
      String square = s.out().row(s.name() + "/matrix", weights[n - 2], weights[n - 1]);
      b = s.out().node(s.name() + "/matrix", "Reshape", b, square);
    }
    b = o.adjY() ? s.out().transposed(s.name() + "/matrix", b, 1, 0) : b;
    return s.out().node(s.name(), "MatMul", s.value(0), b);
  }

  private static String pool(Step s, String op) {
    Pool2DOptions o = s.options(BuiltinOptions.Pool2DOptions, new Pool2DOptions());
    image(s.in(0));
    Map<String, Attribute> window =
        Map.of(
            "kernel_shape", pair(o.filterHeight(), o.filterWidth()),
            "strides", pair(o.strideH(), o.strideW()),
            "auto_pad", padding(o.padding()));
    String y = s.out().node(s.name(), op, window, s.channelsFirst(0));
    return s.channelsLast(s.activated(y), 4);
  }

  private static String pad(Step s, String mode) {
    int rank = s.in(0).rank();
    long[] stated = s.integers(1, "padding");
    if (stated.length != 2 * rank) {
      throw new Refused("its padding does not fit " + rank + " axes");
    }
    String x = s.channelsFirst(0);
    long[] pads = new long[2 * rank];
    for (int d = 0; d < rank; d++) {
      int to = d == 0 ? 0 : d == rank - 1 ? 1 : d + 1;
      pads[to] = stated[2 * d];
      pads[rank + to] = stated[2 * d + 1];
    }
    String value = s.has(2) ? s.value(2) : "";
    Map<String, Attribute> how = Map.of("mode", new Attribute.Text(mode));
    String around = s.out().row(s.name() + "/pads", pads);
    return s.channelsLast(s.out().node(s.name(), "Pad", how, x, around, value), rank);
  }

  private static String resize(Step s, String mode, boolean corners, boolean halfPixels) {
    image(s.in(0));
    long[] to = s.integers(1, "size");
    if (to.length != 2) {
      throw new Refused("its size has " + to.length + " numbers");
    }
    String sizes = s.out().row(s.name() + "/sizes", 1, s.in(0).shape()[3], to[0], to[1]);
    Map<String, Attribute> how =
        Map.of(
            "mode", new Attribute.Text(mode),
            "coordinate_transformation_mode",
                new Attribute.Text(
                    corners ? "align_corners" : halfPixels ? "half_pixel" : "asymmetric"),
            "nearest_mode",
                new Attribute.Text(corners || halfPixels ? "round_prefer_ceil" : "floor"));
    String y = s.out().node(s.name(), "Resize", how, s.channelsFirst(0), "", "", sizes);
    return s.channelsLast(y, 4);
  }

  private static String responses(Step s) {
    LocalResponseNormalizationOptions o =
        s.options(
            BuiltinOptions.LocalResponseNormalizationOptions,
            new LocalResponseNormalizationOptions());
    int size = Math.addExact(Math.multiplyExact(2, o.radius()), 1);
    return turned(
        s,
        "LRN",
        Map.of(
            "size", new Attribute.Whole(size),
            "alpha", new Attribute.Real(o.alpha() * size),
            "beta", new Attribute.Real(o.beta()),
            "bias", new Attribute.Real(o.bias())));
  }
}
