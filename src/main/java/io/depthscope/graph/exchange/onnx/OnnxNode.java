package io.depthscope.graph.exchange.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import io.depthscope.graph.exchange.ModelFormatException;
import java.util.List;
import java.util.Map;

/**
 * A node of a file.
 *
 * @param name its own, or that of its first output
 * @param op such as {@code Conv}, with its domain if that is not ONNX's own
 * @param inputs names of values; empty for one left out
 * @param opset version of the operators
 */
record OnnxNode(
    String name,
    String op,
    List<String> inputs,
    List<String> outputs,
    Map<String, AttributeProto> attributes,
    int opset) {

  boolean has(String attribute) {
    return attributes.containsKey(attribute);
  }

  long integer(String attribute, long usual) {
    AttributeProto a = attributes.get(attribute);
    return a == null ? usual : a.getI();
  }

  /**
   * An integer that must fit an int.
   *
   * @throws Refused if it does not
   */
  int small(String attribute, int usual) {
    return small(attribute, integer(attribute, usual));
  }

  static int small(String what, long value) {
    if (value < Integer.MIN_VALUE || value > Integer.MAX_VALUE) {
      throw new Refused(what + " is " + value);
    }
    return (int) value;
  }

  float real(String attribute, float usual) {
    AttributeProto a = attributes.get(attribute);
    return a == null ? usual : a.getF();
  }

  String text(String attribute, String usual) {
    AttributeProto a = attributes.get(attribute);
    return a == null ? usual : a.getS().toStringUtf8();
  }

  /**
   * A list of integers.
   *
   * @param usual where the attribute is absent
   * @throws Refused if one does not fit an int, or there are not as many as usual
   */
  int[] small(String attribute, int[] usual) {
    AttributeProto a = attributes.get(attribute);
    if (a == null) {
      return usual;
    }
    if (a.getIntsCount() != usual.length) {
      throw new Refused(attribute + " has " + a.getIntsCount() + " numbers, not " + usual.length);
    }
    int[] out = new int[usual.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = small(attribute, a.getInts(i));
    }
    return out;
  }

  /** A list of integers of any length; null where it is absent. */
  long[] integers(String attribute) {
    AttributeProto a = attributes.get(attribute);
    return a == null ? null : a.getIntsList().stream().mapToLong(Long::longValue).toArray();
  }

  /** A list of numbers; null where it is absent. */
  float[] reals(String attribute) {
    AttributeProto a = attributes.get(attribute);
    if (a == null) {
      return null;
    }
    float[] out = new float[a.getFloatsCount()];
    for (int i = 0; i < out.length; i++) {
      out[i] = a.getFloats(i);
    }
    return out;
  }

  /** A tensor; null where it is absent. */
  TensorProto tensor(String attribute) {
    AttributeProto a = attributes.get(attribute);
    return a == null || !a.hasT() ? null : a.getT();
  }

  /** How messages name it: {@code node NAME (OP)}. */
  String title() {
    return "node " + ModelFormatException.shortened(name) + " (" + op + ")";
  }
}
