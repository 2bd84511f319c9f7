package io.depthscope.graph.exchange.lowering;

import static io.depthscope.graph.exchange.lowering.Value.Norming.Part.CENTRED;
import static io.depthscope.graph.exchange.lowering.Value.Norming.Part.DEVIATION;
import static io.depthscope.graph.exchange.lowering.Value.Norming.Part.INVERSE;
import static io.depthscope.graph.exchange.lowering.Value.Norming.Part.MEAN;
import static io.depthscope.graph.exchange.lowering.Value.Norming.Part.NEGATED;
import static io.depthscope.graph.exchange.lowering.Value.Norming.Part.OFFSET;
import static io.depthscope.graph.exchange.lowering.Value.Norming.Part.SCALED;
import static io.depthscope.graph.exchange.lowering.Value.Norming.Part.SCALED_MEAN;
import static io.depthscope.graph.exchange.lowering.Value.Norming.Part.SQUARED;
import static io.depthscope.graph.exchange.lowering.Value.Norming.Part.VARIANCE;
import static io.depthscope.tensor.FloatTensor.ofChannel;

import io.depthscope.graph.LayerNorm;
import io.depthscope.graph.draft.DraftOp;
import io.depthscope.graph.draft.NdMath;
import io.depthscope.graph.exchange.lowering.Value.Norming;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Layer norms over channels: as an operator, and as the means, differences, roots and quotients
 * that frameworks without one write. Scales and shifts behind it are folded into it later.
 */
final class NormLowering {
  private static final float[] ONE = {1};
  private static final float[] ZERO = {0};

  private final Sketch sketch;
  private final ValueLowering byValue;

  NormLowering(Sketch sketch, ValueLowering byValue) {
    this.sketch = sketch;
    this.byValue = byValue;
  }

  Value layerNorm(Inputs in) {
    FileNode node = in.node();
    Value.Live x = in.live(0);
    int rank = x.view().rank();
    boolean[] along = new boolean[rank];
    Arrays.fill(along, NdMath.axis(node.integer("axis", -1), rank), rank, true);
    if (!isOverChannels(x, along)) {
      throw new Refused("normalizes over other axes than channels, which cannot run yet");
    }
    float[] scale = byValue.byChannel(in.constant(1), x);
    float[] shift = in.has(2) ? byValue.byChannel(in.constant(2), x) : ZERO;
    return norm(node.name(), x, node.real("epsilon", 1e-5f), scale, shift);
  }

  /** True if what is gone along is the channels, all of them, and nothing else. */
  private boolean isOverChannels(Value.Live x, boolean[] along) {
    int axis = -1;
    for (int d = 0; d < along.length; d++) {
      if (along[d] && x.view().extent(d) > 1) {
        if (axis >= 0) {
          return false;
        }
        axis = d;
      }
    }
    if (axis < 0) {
      return false;
    }
    if (axis == along.length - 1) {
      sketch.needsChannelsLast(x);
    } else {
      sketch.needsUsualLayout(x);
    }
    return sketch.isAllChannels(x, axis);
  }

  private Value.Live norm(String name, Value.Live x, double epsilon, float[] scale, float[] shift) {
    DraftOp op = new DraftOp.Of(new LayerNorm((float) epsilon, scale, shift));
    int made = sketch.add(name, op, List.of(x.node()), Optional.empty(), x.view());
    return new Value.Live(made, x.view());
  }

  /**
   * What a node makes that begins such a norm, or reads a part of one.
   *
   * @return empty for any other node
   * @throws Refused if it reads a part of one, but is none
   */
  Optional<Value> part(Inputs in) {
    Optional<Norming> read =
        in.values().stream().filter(Norming.class::isInstance).map(Norming.class::cast).findFirst();
    if (read.isEmpty()) {
      return first(in);
    }
    Optional<Value> made =
        switch (in.node().op()) {
          case "Identity" -> Optional.of(read.get());
          case "ReduceMean" ->
              is(in, 0, SQUARED) && reduces(in, read.get().of())
                  ? Optional.of(read.get().as(VARIANCE))
                  : Optional.empty();
          case "Sqrt" ->
              is(in, 0, VARIANCE) ? Optional.of(read.get().as(DEVIATION)) : Optional.empty();
          case "Reciprocal" ->
              is(in, 0, DEVIATION) ? Optional.of(read.get().as(INVERSE)) : Optional.empty();
          case "Neg" -> negated(read.get());
          case "Pow" -> power(in, read.get());
          case "Add" -> either(in, this::sum);
          case "Sub" -> difference(in);
          case "Mul" -> either(in, this::product);
          case "Div" -> quotient(in);
          default -> Optional.empty();
        };
    if (made.isEmpty()) {
      throw read.get().refusal();
    }
    return made;
  }

  /** The mean over channels, and the difference to it. */
  private Optional<Value> first(Inputs in) {
    boolean mean =
        in.node().op().equals("ReduceMean")
            && in.has(0)
            && in.values().getFirst() instanceof Value.Live
            && sketch.mayMove();
    if (!mean || !reduces(in, in.live(0))) {
      return Optional.empty();
    }
    return Optional.of(new Norming(MEAN, in.live(0), 0, ONE, ZERO, in.node().title()));
  }

  /** True for a mean over the channels of a value alone that leaves their axis. */
  private boolean reduces(Inputs in, Value.Live x) {
    int rank = x.view().rank();
    boolean[] along = Evaluator.reduced(in.node(), rank, in.constants());
    int axes = 0;
    for (boolean a : along) {
      axes += a ? 1 : 0;
    }
    return axes == 1 && in.node().integer("keepdims", 1) != 0 && isOverChannels(x, along);
  }

  private static boolean is(Inputs in, int i, Norming.Part part) {
    return in.has(i) && in.values().get(i) instanceof Norming n && n.part() == part;
  }

  private static Norming norming(Inputs in, int i) {
    return (Norming) in.values().get(i);
  }

  /** True if two parts are of one norm, as far as both have come. */
  private static boolean alike(Norming a, Norming b) {
    return a.of().equals(b.of());
  }

  private interface Rule {
    Optional<Value> of(Inputs in, int a, int b);
  }

  private static Optional<Value> either(Inputs in, Rule rule) {
    return in.size() != 2 ? Optional.empty() : rule.of(in, 0, 1).or(() -> rule.of(in, 1, 0));
  }

  private static Optional<Value> power(Inputs in, Norming read) {
    if (!in.isConstant(1) || in.constant(1).size() != 1) {
      return Optional.empty();
    }
    double exponent = Evaluator.scalar(in.constant(1));
    if (read.part() == CENTRED && exponent == 2) {
      return Optional.of(read.as(SQUARED));
    }
    if (read.part() == VARIANCE && Math.abs(exponent) == 0.5) {
      return Optional.of(read.as(exponent > 0 ? DEVIATION : INVERSE));
    }
    return Optional.empty();
  }

  private static Optional<Value> negated(Norming n) {
    return switch (n.part()) {
      case MEAN -> Optional.of(n.as(NEGATED));
      case SCALED_MEAN -> Optional.of(n.as(OFFSET));
      default -> Optional.empty();
    };
  }

  private Optional<Value> sum(Inputs in, int a, int b) {
    if (is(in, b, NEGATED) && norming(in, b).of().equals(in.values().get(a))) {
      return Optional.of(norming(in, b).as(CENTRED));
    }
    if (is(in, a, OFFSET) && in.isConstant(b)) {
      Norming n = norming(in, a);
      float[] shift = byValue.byChannel(in.constant(b), n.of());
      for (int c = 0; c < shift.length; c++) {
        shift[c] += ofChannel(n.shift(), c);
      }
      return Optional.of(new Norming(OFFSET, n.of(), n.epsilon(), n.scale(), shift, n.maker()));
    }
    if (is(in, a, VARIANCE) && in.isConstant(b) && in.constant(b).size() == 1) {
      Norming v = norming(in, a);
      double epsilon = v.epsilon() + Evaluator.scalar(in.constant(b));
      return Optional.of(new Norming(VARIANCE, v.of(), epsilon, v.scale(), v.shift(), v.maker()));
    }
    if (is(in, a, SCALED) && is(in, b, OFFSET) && isOneNorm(in, a, b)) {
      return Optional.of(finished(in, norming(in, b)));
    }
    return Optional.empty();
  }

  private Optional<Value> difference(Inputs in) {
    if (in.size() != 2) {
      return Optional.empty();
    }
    if (is(in, 1, MEAN) && norming(in, 1).of().equals(in.values().getFirst())) {
      return Optional.of(norming(in, 1).as(CENTRED));
    }
    if (is(in, 1, SCALED_MEAN) && in.isConstant(0)) {
      Norming m = norming(in, 1);
      float[] shift = byValue.byChannel(in.constant(0), m.of());
      return Optional.of(new Norming(OFFSET, m.of(), m.epsilon(), m.scale(), shift, m.maker()));
    }
    if (is(in, 0, SCALED) && is(in, 1, SCALED_MEAN) && isOneNorm(in, 0, 1)) {
      return Optional.of(finished(in, norming(in, 0)));
    }
    return Optional.empty();
  }

  private static boolean isOneNorm(Inputs in, int a, int b) {
    return alike(norming(in, a), norming(in, b))
        && norming(in, a).epsilon() == norming(in, b).epsilon()
        && Arrays.equals(norming(in, a).scale(), norming(in, b).scale());
  }

  private Optional<Value> product(Inputs in, int a, int b) {
    if (is(in, a, CENTRED) && is(in, b, CENTRED) && alike(norming(in, a), norming(in, b))) {
      return Optional.of(norming(in, a).as(SQUARED));
    }
    if (!is(in, b, INVERSE)) {
      return Optional.empty();
    }
    Norming inverse = norming(in, b);
    if (in.isConstant(a)) {
      float[] scale = byValue.byChannel(in.constant(a), inverse.of());
      for (int c = 0; c < scale.length; c++) {
        scale[c] *= ofChannel(inverse.scale(), c);
      }
      return Optional.of(
          new Norming(INVERSE, inverse.of(), inverse.epsilon(), scale, ZERO, inverse.maker()));
    }
    if (inverse.of().equals(in.values().get(a))) {
      return Optional.of(inverse.as(SCALED));
    }
    boolean mean = is(in, a, MEAN);
    if ((mean || is(in, a, NEGATED)) && alike(norming(in, a), inverse)) {
      return Optional.of(inverse.as(mean ? SCALED_MEAN : OFFSET));
    }
    return is(in, a, CENTRED) && alike(norming(in, a), inverse)
        ? Optional.of(finished(in, inverse))
        : Optional.empty();
  }

  private Optional<Value> quotient(Inputs in) {
    if (!is(in, 1, DEVIATION)) {
      return Optional.empty();
    }
    Norming deviation = norming(in, 1);
    if (is(in, 0, CENTRED) && alike(norming(in, 0), deviation)) {
      return Optional.of(finished(in, deviation));
    }
    boolean one =
        in.isConstant(0) && in.constant(0).size() == 1 && Evaluator.scalar(in.constant(0)) == 1;
    return one ? Optional.of(deviation.as(INVERSE)) : Optional.empty();
  }

  private Value.Live finished(Inputs in, Norming n) {
    return norm(in.node().name(), n.of(), n.epsilon(), n.scale(), n.shift());
  }
}
