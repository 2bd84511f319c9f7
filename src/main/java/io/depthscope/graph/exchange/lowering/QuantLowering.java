package io.depthscope.graph.exchange.lowering;

import io.depthscope.graph.Clamp;
import io.depthscope.graph.draft.DraftOp;
import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.draft.NodeCodes;
import io.depthscope.quant.QuantParams;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Pairs of QuantizeLinear and DequantizeLinear: no nodes of the network, but the parameters of the
 * one whose output they round. A node of its own rounds for some readers alone, or once more.
 */
final class QuantLowering {

  /**
   * Operators that hand codes on as they are (resizing to the nearest alone), so that they may
   * stand between such a pair.
   */
  private static final Set<String> HANDING_ON =
      Set.of(
          "Identity",
          "Reshape",
          "Flatten",
          "Squeeze",
          "Unsqueeze",
          "Transpose",
          "MaxPool",
          "Slice",
          "Split",
          "Concat",
          "Gather",
          "Expand",
          "Resize",
          "Upsample",
          "DepthToSpace",
          "SpaceToDepth");

  /** A node that rounds the output of another to these codes. */
  private record Rounded(int node, QuantParams params) {}

  private final Sketch sketch;
  private final Map<String, List<FileNode>> readers = new HashMap<>();
  private final Set<String> outputs;
  private final Set<Integer> shared = new HashSet<>();
  private final Map<Rounded, Integer> rounding = new HashMap<>();

  QuantLowering(Sketch sketch, FileGraph file, Set<FileNode> needed) {
    this.sketch = sketch;
    this.outputs = Set.copyOf(file.outputs());
    for (FileNode node : file.nodes()) {
      if (needed.contains(node)) {
        for (String read : new HashSet<>(node.inputs())) {
          readers.computeIfAbsent(read, r -> new ArrayList<>()).add(node);
        }
      }
    }
  }

  /** Notes a value of the file; one that is read as it is, too, must not be rounded in place. */
  void given(String name, Value value) {
    if (!(value instanceof Value.Live live)) {
      return;
    }
    List<FileNode> read = readers.getOrDefault(name, List.of());
    boolean rounded = read.stream().anyMatch(n -> n.op().equals("QuantizeLinear"));
    boolean alike = read.stream().map(QuantLowering::parametersOf).distinct().count() == 1;
    if (read.size() > 1 && !(rounded && alike) || rounded && outputs.contains(name)) {
      shared.add(live.node());
    }
  }

  /** What two readers must share to be one: the operator and the names of its parameters. */
  private static List<String> parametersOf(FileNode node) {
    List<String> all = new ArrayList<>();
    all.add(node.op());
    all.addAll(node.inputs().subList(Math.min(1, node.inputs().size()), node.inputs().size()));
    return all;
  }

  /** Makes a value the codes that stand for it. */
  Value quantize(Inputs in) {
    Value.Live x = in.live(0);
    CodeMath.Codes codes =
        CodeMath.codes(in.node(), in.stated(), Optional.empty(), x.view().rank());
    if (codes.params().size() > 1) {
      throw new Refused("scales that differ between channels of an output cannot be run yet");
    }
    QuantParams params = codes.params().getFirst();
    Optional<QuantParams> now = sketch.codes(x.node()).output();
    if (now.isPresent() && now.get().equals(params)) {
      return new Value.Quantized(x, params);
    }
    if (now.isEmpty() && !shared.contains(x.node())) {
      setOutput(x.node(), params);
      return new Value.Quantized(x, params);
    }
    int node =
        rounding.computeIfAbsent(
            new Rounded(x.node(), params),
            r -> {
              DraftOp op = new DraftOp.Bound(Clamp.NONE);
              // The order is that of the node itself: other views of it may be rounded alike.
              int made =
                  sketch.add(
                      in.node().name(),
                      op,
                      List.of(x.node()),
                      Optional.empty(),
                      sketch.order(x.node()));
              setOutput(made, params);
              return made;
            });
    return new Value.Quantized(new Value.Live(node, x.view()), params);
  }

  /**
   * Rounds the output of a node. Where its codes begin at 0, saturation does what ReLU or ReLU6
   * would, and converters leave those out: then the network in float32 has such a clamp, too.
   */
  private void setOutput(int node, QuantParams params) {
    if (params.zeroPoint() == params.qmin()) {
      sketch.clamp(node, Clamp.of(0, params.dequantize(params.qmax())));
    }
    sketch.quantize(node, sketch.codes(node).withOutput(Optional.of(params)));
  }

  /** The constant that stored codes stand for, with their parameters. */
  static Value.Constant stored(Inputs in) {
    if (!in.has(0)) {
      throw new Refused("what it reads are no codes");
    }
    NdArray codes = in.constant(0);
    CodeMath.Codes params =
        CodeMath.codes(in.node(), in.stated(), Optional.of(codes), codes.rank());
    // A bias is float32 where weights and activations are simulated.
    boolean bias = CodeMath.isBias(codes);
    return new Value.Constant(
        CodeMath.dequantized(codes, params), bias ? Optional.empty() : Optional.of(params));
  }

  /** The value that codes stand for. */
  Value dequantize(Inputs in) {
    if (in.isConstant(0)) {
      return stored(in);
    }
    if (!in.has(0) || !(in.values().getFirst() instanceof Value.Quantized q)) {
      throw new Refused("what it reads are no codes");
    }
    CodeMath.Codes codes =
        CodeMath.codes(in.node(), in.stated(), Optional.empty(), q.live().view().rank());
    if (codes.params().size() > 1 || !sameCodes(codes.params().getFirst(), q.params())) {
      throw new Refused("takes codes for other values than they stand for");
    }
    return q.live();
  }

  private static boolean sameCodes(QuantParams a, QuantParams b) {
    return a.scale() == b.scale() && a.zeroPoint() == b.zeroPoint();
  }

  /**
   * A node that reads codes and hands them on: the values in place of the codes.
   *
   * @throws Refused if it is of another kind, or reads codes that stand for different values
   */
  static QuantParams handedOn(Inputs in) {
    QuantParams params = null;
    for (Value v : in.values()) {
      if (v instanceof Value.Quantized q) {
        if (params != null && !params.equals(q.params())) {
          throw new Refused("joins codes of different scales");
        }
        params = q.params();
      } else if (in.node().op().equals("Concat")) {
        throw new Refused("joins codes with other values");
      }
    }
    FileNode node = in.node();
    boolean between =
        (node.op().equals("Resize") || node.op().equals("Upsample"))
            && !node.text("mode", "nearest").equals("nearest");
    if (!HANDING_ON.contains(node.op()) || between) {
      throw new Refused("reads codes; that cannot be run yet");
    }
    return params;
  }

  /** The codes of what a node that hands them on gives. */
  Value.Quantized coded(Value value, QuantParams params) {
    if (!(value instanceof Value.Live live)) {
      throw new Refused("reads codes; that cannot be run yet");
    }
    if (sketch.codes(live.node()).output().isEmpty()) {
      setOutput(live.node(), params);
    }
    return new Value.Quantized(live, params);
  }

  /**
   * Parameters of a kernel's codes.
   *
   * @param axis of the output channels in the file's tensor
   * @throws Refused if they differ along another axis
   */
  static NodeCodes ofWeights(Inputs in, int input, int axis) {
    if (!(in.values().get(input) instanceof Value.Constant c) || c.codes().isEmpty()) {
      return NodeCodes.NONE;
    }
    CodeMath.Codes codes = c.codes().get();
    if (codes.params().size() > 1 && codes.axis() != axis) {
      throw new Refused("its weights have a scale for each input channel, which cannot be run yet");
    }
    return NodeCodes.ofWeights(codes.params());
  }
}
