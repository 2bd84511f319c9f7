package io.depthscope.graph.draft;

import io.depthscope.graph.BatchNorm;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.Op;
import io.depthscope.graph.Op.Unary.Function;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Finds functions of a value that a file spells out: a product of a value and of something that is
 * made of it, up to factors. What is no longer needed stays for others to drop.
 */
final class Functions {
  /** Constants are written with the digits of a float32, or fewer. */
  private static final double TOLERANCE = 1e-5;

  /** Nodes between a value and its tangent. */
  private static final int MOST_NESTED = 8;

  private final List<DraftNode> nodes;

  private Functions(Draft draft) {
    nodes = draft.nodes();
  }

  static CleanUp.Passed name(Draft draft) {
    Functions functions = new Functions(draft);
    Rewrite made = new Rewrite(draft);
    for (int i = 0; i < draft.nodes().size(); i++) {
      DraftNode node = draft.nodes().get(i);
      Optional<Found> found = functions.product(i);
      if (found.isPresent()) {
        node =
            node.withOp(new DraftOp.Of(new Op.Unary(found.get().function())))
                .withInputs(List.of(found.get().x()));
        made.note(node.name());
      }
      made.keep(i, node);
    }
    return made.result();
  }

  /**
   * A function of a node.
   *
   * @param factor what {@code x} times the gate is multiplied by to give the function
   */
  private record Found(Function function, int x, double factor) {}

  /** {@code scale * node + shift}. */
  private record Line(int node, double scale, double shift) {}

  /** The function that a node is, if it is such a product; factors may stand anywhere in it. */
  private Optional<Found> product(int node) {
    Line outer = scaled(node, -1);
    if (!(nodes.get(outer.node()).op() instanceof DraftOp.Of(Op.Elementwise(var how)))
        || how != Op.Elementwise.Function.MUL
        || !nodes.get(outer.node()).clamp().equals(Clamp.NONE)
        || (outer.node() != node && nodes.get(outer.node()).quantizes())) {
      return Optional.empty();
    }
    List<Integer> factors = nodes.get(outer.node()).inputs();
    return product(outer.scale(), factors.get(0), factors.get(1))
        .or(() -> product(outer.scale(), factors.get(1), factors.get(0)));
  }

  private Optional<Found> product(double scale, int value, int gate) {
    return gate(gate)
        .or(() -> geluTanh(value, gate))
        .filter(
            found -> {
              Line x = scaled(value, found.x());
              return x.node() == found.x() && near(scale * x.scale(), found.factor());
            });
  }

  /** k (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), where x is the value or what it scales. */
  private Optional<Found> geluTanh(int value, int gate) {
    Line line = line(gate);
    if (!isUnary(line.node(), Function.TANH)
        || isChanged(line.node())
        || !near(line.shift(), line.scale())) {
      return Optional.empty();
    }
    int inner = nodes.get(line.node()).inputs().getFirst();
    double k = Math.sqrt(2 / Math.PI);
    int x = value;
    while (true) {
      Optional<double[]> p = polynomial(inner, x, MOST_NESTED);
      if (p.isPresent()
          && p.get()[0] == 0
          && near(p.get()[1], k)
          && p.get()[2] == 0
          && near(p.get()[3], 0.044715 * k)) {
        return Optional.of(new Found(Function.GELU_TANH, x, 0.5 / line.scale()));
      }
      Optional<Line> next = affine(x).filter(l -> l.shift() == 0);
      if (next.isEmpty()) {
        return Optional.empty();
      }
      x = next.get().node();
    }
  }

  /**
   * A node as a polynomial of another, up to the third power.
   *
   * @param nested how many nodes may lie between the two
   * @return the factors of each power; empty if it is none
   */
  private Optional<double[]> polynomial(int node, int of, int nested) {
    if (node == of) {
      return Optional.of(new double[] {0, 1, 0, 0});
    }
    if (node < of || nested == 0 || isChanged(node)) {
      return Optional.empty();
    }
    Optional<Line> line = affine(node);
    if (line.isPresent()) {
      Optional<double[]> inner = polynomial(line.get().node(), of, nested - 1);
      inner.ifPresent(p -> Arrays.setAll(p, i -> p[i] * line.get().scale()));
      inner.ifPresent(p -> p[0] += line.get().shift());
      return inner;
    }
    if (!(nodes.get(node).op() instanceof DraftOp.Of(Op.Elementwise(var how)))
        || how == Op.Elementwise.Function.SUB) {
      return Optional.empty();
    }
    Optional<double[]> a = polynomial(nodes.get(node).inputs().get(0), of, nested - 1);
    Optional<double[]> b = polynomial(nodes.get(node).inputs().get(1), of, nested - 1);
    return a.isEmpty() || b.isEmpty() ? Optional.empty() : joined(how, a.get(), b.get());
  }

  private static Optional<double[]> joined(Op.Elementwise.Function how, double[] a, double[] b) {
    double[] out = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      if (how == Op.Elementwise.Function.ADD) {
        out[i] = a[i] + b[i];
        continue;
      }
      for (int j = 0; j < b.length; j++) {
        if (i + j < out.length) {
          out[i + j] += a[i] * b[j];
        } else if (a[i] * b[j] != 0) {
          return Optional.empty();
        }
      }
    }
    return Optional.of(out);
  }

  /** What times its own {@code x} and a factor is a function. */
  private Optional<Found> gate(int node) {
    Line line = line(node);
    DraftNode base = nodes.get(line.node());
    if (isChanged(line.node()) || base.inputs().isEmpty()) {
      return Optional.empty();
    }
    int input = base.inputs().getFirst();
    boolean plain = line.shift() == 0;
    if (base.op() instanceof DraftOp.Bound(Clamp clamp)) {
      return plain ? hardSwish(clamp, line.scale(), input) : Optional.empty();
    }
    if (!(base.op() instanceof DraftOp.Of(Op.Unary(Function function)))) {
      return Optional.empty();
    }
    return switch (function) {
      case SIGMOID ->
          plain ? Optional.of(new Found(Function.SILU, input, 1 / line.scale())) : Optional.empty();
      case TANH ->
          plain && isUnary(input, Function.SOFTPLUS) && !isChanged(input)
              ? Optional.of(
                  new Found(Function.MISH, nodes.get(input).inputs().getFirst(), 1 / line.scale()))
              : Optional.empty();
      case ERF -> {
        // k (1 + erf(x / sqrt(2))), of which 0.5 is to be left.
        Optional<Line> inner = affine(input);
        yield inner
            .filter(l -> l.shift() == 0 && near(l.scale(), Math.sqrt(0.5)))
            .filter(l -> near(line.shift(), line.scale()))
            .map(l -> new Found(Function.GELU, l.node(), 0.5 / line.scale()));
      }
      default -> Optional.empty();
    };
  }

  /**
   * k clamp(a x + b, 0, h), which is clamp(x + 3, 0, 6) / 6 times k h where 6 a = h and 2 b = h.
   */
  private Optional<Found> hardSwish(Clamp clamp, double scale, int input) {
    double high = clamp.upper(0);
    boolean fits = !clamp.isPerChannel() && clamp.lower(0) == 0 && Double.isFinite(high);
    return affine(input)
        .filter(l -> fits && near(6 * l.scale(), high) && near(2 * l.shift(), high))
        .map(l -> new Found(Function.HARD_SWISH, l.node(), 1 / (scale * high)));
  }

  private boolean isUnary(int node, Function function) {
    return nodes.get(node).op() instanceof DraftOp.Of(Op.Unary(Function f)) && f == function;
  }

  /** True if a node's values are held to an interval or rounded to codes. */
  private boolean isChanged(int node) {
    return !nodes.get(node).clamp().equals(Clamp.NONE) || nodes.get(node).quantizes();
  }

  /** What a node scales and shifts, if it does so to all channels alike. */
  private Optional<Line> affine(int node) {
    if (isChanged(node) || !(nodes.get(node).op() instanceof DraftOp.Normalize(BatchNorm norm))) {
      return Optional.empty();
    }
    double scale = norm.factor(0);
    double shift = norm.beta()[0] - norm.mean()[0] * scale;
    for (int c = 1; c < norm.gamma().length; c++) {
      if (norm.factor(c) != scale || norm.beta()[c] - norm.mean()[c] * norm.factor(c) != shift) {
        return Optional.empty();
      }
    }
    return Optional.of(new Line(nodes.get(node).inputs().getFirst(), scale, shift));
  }

  /** The node behind all scales and shifts. */
  private Line line(int node) {
    Line line = new Line(node, 1, 0);
    for (Optional<Line> next = affine(node); next.isPresent(); next = affine(line.node())) {
      Line inner = next.get();
      line =
          new Line(
              inner.node(),
              line.scale() * inner.scale(),
              line.scale() * inner.shift() + line.shift());
    }
    return line;
  }

  /** The node behind scales alone, or the one to stop at. */
  private Line scaled(int node, int stop) {
    Line line = new Line(node, 1, 0);
    while (line.node() != stop) {
      Optional<Line> next = affine(line.node()).filter(l -> l.shift() == 0);
      if (next.isEmpty()) {
        break;
      }
      line = new Line(next.get().node(), line.scale() * next.get().scale(), 0);
    }
    return line;
  }

  private static boolean near(double a, double b) {
    return Math.abs(a - b) <= TOLERANCE * Math.abs(b);
  }
}
