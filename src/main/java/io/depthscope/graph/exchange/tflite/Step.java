package io.depthscope.graph.exchange.tflite;

import com.google.flatbuffers.Table;
import io.depthscope.graph.exchange.lowering.FileGraphWriter;
import io.depthscope.graph.exchange.lowering.Refused;
import org.tensorflow.lite.schema.ActivationFunctionType;
import org.tensorflow.lite.schema.AddOptions;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.ConcatenationOptions;
import org.tensorflow.lite.schema.Conv2DOptions;
import org.tensorflow.lite.schema.DepthwiseConv2DOptions;
import org.tensorflow.lite.schema.DivOptions;
import org.tensorflow.lite.schema.FullyConnectedOptions;
import org.tensorflow.lite.schema.L2NormOptions;
import org.tensorflow.lite.schema.MulOptions;
import org.tensorflow.lite.schema.Pool2DOptions;
import org.tensorflow.lite.schema.SubOptions;
import org.tensorflow.lite.schema.TransposeConvOptions;

/**
 * An operator on its way into nodes.
 *
 * @param name of the tensor that it gives first
 */
record Step(Translation translation, TfliteOperator op, String name) {

  FileGraphWriter out() {
    return translation.out();
  }

  boolean has(int i) {
    return op.input(i) >= 0;
  }

  /**
   * A tensor that it reads.
   *
   * @throws Refused if it is missing
   */
  TfliteTensor in(int i) {
    if (!has(i)) {
      throw new Refused("input " + i + " is missing");
    }
    return translation.tensor(op.input(i));
  }

  String value(int i) {
    in(i);
    return translation.value(op.input(i));
  }

  String weights(int i, long... order) {
    in(i);
    return translation.weights(name, op.input(i), order);
  }

  long[] integers(int i, String what) {
    in(i);
    return translation.integers(op.input(i), what);
  }

  <T extends Table> T options(byte type, T empty) {
    return op.options(type, empty);
  }

  /** The first input as [1, C, H, W], where it is an image. */
  String channelsFirst(int i) {
    return channelsFirst(value(i), in(i).rank());
  }

  String channelsFirst(String value, int rank) {
    return switch (rank) {
      case 4 -> out().transposed(name, value, 0, 3, 1, 2);
      case 3 -> out().transposed(name, value, 0, 2, 1);
      default -> throw new Refused("its input has " + rank + " axes");
    };
  }

  String channelsLast(String value, int rank) {
    return rank == 4
        ? out().transposed(name, value, 0, 2, 3, 1)
        : out().transposed(name, value, 0, 2, 1);
  }

  /** A value behind the activation function that the operator ends with. */
  String activated(String value) {
    String bounded = name + "/activation";
    byte function = activation();
    return switch (function) {
      case ActivationFunctionType.NONE -> value;
      case ActivationFunctionType.RELU -> out().clipped(bounded, value, 0, Float.POSITIVE_INFINITY);
      case ActivationFunctionType.RELU6 -> out().clipped(bounded, value, 0, 6);
      case ActivationFunctionType.RELU_N1_TO_1 -> out().clipped(bounded, value, -1, 1);
      case ActivationFunctionType.TANH -> out().node(bounded, "Tanh", value);
      default ->
          throw new Refused("ends with activation function " + function + ", which cannot run yet");
    };
  }

  /** The activation function that the operator ends with. */
  byte activation() {
    byte type = op.table().builtinOptionsType();
    return switch (type) {
      case BuiltinOptions.Conv2DOptions ->
          options(type, new Conv2DOptions()).fusedActivationFunction();
      case BuiltinOptions.DepthwiseConv2DOptions ->
          options(type, new DepthwiseConv2DOptions()).fusedActivationFunction();
      case BuiltinOptions.TransposeConvOptions ->
          options(type, new TransposeConvOptions()).fusedActivationFunction();
      case BuiltinOptions.FullyConnectedOptions ->
          options(type, new FullyConnectedOptions()).fusedActivationFunction();
      case BuiltinOptions.Pool2DOptions ->
          options(type, new Pool2DOptions()).fusedActivationFunction();
      case BuiltinOptions.ConcatenationOptions ->
          options(type, new ConcatenationOptions()).fusedActivationFunction();
      case BuiltinOptions.L2NormOptions ->
          options(type, new L2NormOptions()).fusedActivationFunction();
      case BuiltinOptions.AddOptions -> options(type, new AddOptions()).fusedActivationFunction();
      case BuiltinOptions.SubOptions -> options(type, new SubOptions()).fusedActivationFunction();
      case BuiltinOptions.MulOptions -> options(type, new MulOptions()).fusedActivationFunction();
      case BuiltinOptions.DivOptions -> options(type, new DivOptions()).fusedActivationFunction();
      default -> ActivationFunctionType.NONE;
    };
  }
}
