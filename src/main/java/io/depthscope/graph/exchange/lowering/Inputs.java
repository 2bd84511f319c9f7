package io.depthscope.graph.exchange.lowering;

import io.depthscope.graph.draft.NdArray;
import java.util.ArrayList;
import java.util.List;

/**
 * A node with the values it reads.
 *
 * @param values null where one is left out
 */
record Inputs(FileNode node, List<Value> values) {

  boolean has(int i) {
    return i < values.size() && values.get(i) != null;
  }

  int size() {
    return values.size();
  }

  /**
   * An input that the network computes.
   *
   * @throws Refused if it is missing or a constant
   */
  Value.Live live(int i) {
    if (has(i) && values.get(i) instanceof Value.Live v) {
      return v;
    }
    if (has(i) && values.get(i) instanceof Value.Norming n) {
      throw n.refusal();
    }
    throw new Refused(has(i) ? "input " + i + " is a constant" : "input " + i + " is missing");
  }

  /**
   * An input that depends on nothing.
   *
   * @throws Refused if it is missing or computed by the network
   */
  NdArray constant(int i) {
    if (has(i) && values.get(i) instanceof Value.Constant c) {
      return c.array();
    }
    throw new Refused(has(i) ? "input " + i + " is no constant" : "input " + i + " is missing");
  }

  /** The same with the values that codes stand for in their place. */
  Inputs withoutCodes() {
    return new Inputs(
        node, values.stream().map(v -> v instanceof Value.Quantized q ? q.live() : v).toList());
  }

  boolean isConstant(int i) {
    return has(i) && values.get(i) instanceof Value.Constant;
  }

  /**
   * What a node is told beside its first input; null in place of that, and of what is left out.
   *
   * @throws Refused if the network computes one of them
   */
  List<NdArray> stated() {
    List<NdArray> all = new ArrayList<>();
    for (int i = 0; i < size(); i++) {
      all.add(i > 0 && has(i) ? constant(i) : null);
    }
    return all;
  }

  /** The constants among the inputs; null in place of others. */
  List<NdArray> constants() {
    return values.stream().map(v -> v instanceof Value.Constant c ? c.array() : null).toList();
  }
}
