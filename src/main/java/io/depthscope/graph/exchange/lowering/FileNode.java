package io.depthscope.graph.exchange.lowering;

import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.exchange.ModelFormatException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A node of a file in the words of ONNX's operators, into which readers of other formats translate
 * theirs.
 *
 * @param name its own, or that of its first output
 * @param op such as {@code Conv}, with its domain if that is not ONNX's own
 * @param inputs names of values; empty for one left out
 * @param opset version of the operators
 */
public record FileNode(
    String name,
    String op,
    List<String> inputs,
    List<String> outputs,
    Map<String, Attribute> attributes,
    int opset) {
  public FileNode {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    attributes = Map.copyOf(attributes);
  }

  /** The same with these attributes. */
  public FileNode with(Map<String, Attribute> other) {
    return new FileNode(name, op, inputs, outputs, other, opset);
  }

  boolean has(String attribute) {
    return attributes.containsKey(attribute);
  }

  /** The attribute as one of its kind; empty where it is absent. */
  private <A extends Attribute> Optional<A> find(String attribute, Class<A> kind) {
    Attribute a = attributes.get(attribute);
    if (a != null && !kind.isInstance(a)) {
      throw new Refused(attribute + " is of another kind than it should be");
    }
    return Optional.ofNullable(kind.cast(a));
  }

  /**
   * @throws Refused, as all of these do, if the attribute is of another kind
   */
  long integer(String attribute, long usual) {
    return find(attribute, Attribute.Whole.class).map(Attribute.Whole::value).orElse(usual);
  }

  /**
   * An integer that must fit an int.
   *
   * @throws Refused if it does not
   */
  int small(String attribute, int usual) {
    return small(attribute, integer(attribute, usual));
  }

  /**
   * @throws Refused if a value does not fit an int
   */
  public static int small(String what, long value) {
    if (value < Integer.MIN_VALUE || value > Integer.MAX_VALUE) {
      throw new Refused(what + " is " + value);
    }
    return (int) value;
  }

  float real(String attribute, float usual) {
    return find(attribute, Attribute.Real.class).map(Attribute.Real::value).orElse(usual);
  }

  String text(String attribute, String usual) {
    return find(attribute, Attribute.Text.class).map(Attribute.Text::value).orElse(usual);
  }

  /**
   * A list of integers.
   *
   * @param usual where the attribute is absent
   * @throws Refused if one does not fit an int, or there are not as many as usual
   */
  int[] small(String attribute, int[] usual) {
    long[] stated = integers(attribute);
    if (stated == null) {
      return usual;
    }
    if (stated.length != usual.length) {
      throw new Refused(attribute + " has " + stated.length + " numbers, not " + usual.length);
    }
    int[] out = new int[usual.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = small(attribute, stated[i]);
    }
    return out;
  }

  /** A list of integers of any length; null where it is absent. */
  long[] integers(String attribute) {
    return find(attribute, Attribute.Wholes.class).map(Attribute.Wholes::values).orElse(null);
  }

  /** A list of numbers; null where it is absent. */
  float[] reals(String attribute) {
    return find(attribute, Attribute.Reals.class).map(Attribute.Reals::values).orElse(null);
  }

  /** A tensor. */
  Optional<NdArray> tensor(String attribute) {
    return find(attribute, Attribute.Tensor.class).map(Attribute.Tensor::value);
  }

  /** How messages name it: {@code node NAME (OP)}. */
  public String title() {
    return "node " + ModelFormatException.shortened(name) + " (" + op + ")";
  }
}
