package io.depthscope.graph.exchange.lowering;

import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.draft.Tail;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A tail that grows step by step while a file is read. */
final class TailSketch {

  /** What a value of the tail is. */
  private sealed interface Entry {
    record Source(Value.Live live) implements Entry {}

    record Constant(NdArray array) implements Entry {}

    record Step(int step, int output) implements Entry {}
  }

  /**
   * A node.
   *
   * @param first entry of its first output; the others follow
   */
  private record Step(
      FileNode node, List<Integer> inputs, int first, int outputs, Tail.Calculation calculation) {}

  private final Sketch sketch;
  private final List<Entry> entries = new ArrayList<>();
  private final List<NdArray> samples = new ArrayList<>();
  private final Map<Value.Live, Integer> sources = new LinkedHashMap<>();
  private final List<Step> steps = new ArrayList<>();
  private final List<Integer> nodes = new ArrayList<>();
  private long made;

  TailSketch(Sketch sketch) {
    this.sketch = sketch;
  }

  /** Nodes of the draft whose outputs are handed out, after {@link #tail}. */
  List<Integer> nodes() {
    return List.copyOf(nodes);
  }

  private int number(Value value) {
    return switch (value) {
      case Value.Behind b -> b.number();
      case Value.Quantized q -> codes(q);
      case Value.Norming n -> throw n.refusal();
      case Value.Constant c -> entry(new Entry.Constant(c.array()), c.array());
      case Value.Live v -> {
        Integer known = sources.get(v);
        if (known == null) {
          known = entry(new Entry.Source(v), null);
          sources.put(v, known);
        }
        yield known;
      }
    };
  }

  /** The codes of a value, as a step of their own: an output of the network is in numbers. */
  private int codes(Value.Quantized q) {
    FileNode node =
        new FileNode("codes", "QuantizeLinear", List.of(), List.of("codes"), Map.of(), 0);
    Tail.Calculation calculation =
        values -> {
          NdArray x = values.getFirst();
          return List.of(NdArray.of(x.dims(), q.params().quantize(x.floats())));
        };
    int read = number(q.live());
    steps.add(new Step(node, List.of(read), entries.size(), 1, calculation));
    return entry(
        new Entry.Step(steps.size() - 1, 0),
        NdArray.of(sample(read).dims(), sample(read).integers()));
  }

  /** A tensor of the extents of a value; what the network computes is taken as zeros. */
  private NdArray sample(int number) {
    if (samples.get(number) == null && entries.get(number) instanceof Entry.Source(Value.Live v)) {
      int[] dims = v.view().extents();
      count(NdArray.size(dims));
      samples.set(number, NdArray.of(dims, new float[NdArray.made(dims)]));
    }
    return samples.get(number);
  }

  private void count(long more) {
    made += more;
    if (made > NdArray.MOST_MADE) {
      throw new Refused("what comes behind the network is too large");
    }
  }

  private int entry(Entry entry, NdArray sample) {
    entries.add(entry);
    samples.add(sample);
    return entries.size() - 1;
  }

  /**
   * Adds a node.
   *
   * @throws Refused if it is of a kind that is not computed behind the network
   */
  List<Value> step(Inputs in) {
    for (Value v : in.values()) {
      if (v instanceof Value.Live live) {
        sketch.needsUsualLayout(live);
      } else if (v instanceof Value.Quantized q) {
        sketch.needsUsualLayout(q.live());
      }
    }
    List<Integer> inputs = new ArrayList<>();
    List<NdArray> read = new ArrayList<>();
    for (Value v : in.values()) {
      inputs.add(v == null ? -1 : number(v));
      read.add(v == null ? null : sample(inputs.getLast()));
    }
    FileNode node = in.node();
    Tail.Calculation calculation = values -> Evaluator.compute(node, values);
    List<NdArray> given = calculation.of(read);
    given.forEach(g -> count(g.size()));
    steps.add(new Step(node, inputs, entries.size(), given.size(), calculation));
    List<Value> out = new ArrayList<>();
    for (int i = 0; i < given.size(); i++) {
      out.add(
          new Value.Behind(entry(new Entry.Step(steps.size() - 1, i), given.get(i)), given.get(i)));
    }
    return out;
  }

  /** The tail that ends in these values, without what none of them needs. */
  Tail tail(List<String> names, List<Value> outputs) {
    List<Integer> ends = outputs.stream().map(this::number).toList();
    boolean[] used = new boolean[entries.size()];
    // The network's first output is the one that the file's first output comes of.
    Set<Integer> inOrder = new LinkedHashSet<>();
    for (int end : ends) {
      boolean[] needed = needed(end);
      for (int e = 0; e < needed.length; e++) {
        used[e] |= needed[e];
        if (needed[e] && entries.get(e) instanceof Entry.Source) {
          inOrder.add(e);
        }
      }
    }
    List<Tail.Source> from = new ArrayList<>();
    List<NdArray> constants = new ArrayList<>();
    Map<Integer, Integer> numbers = new LinkedHashMap<>();
    for (int e : inOrder) {
      Value.Live live = ((Entry.Source) entries.get(e)).live();
      if (!nodes.contains(live.node())) {
        nodes.add(live.node());
      }
      numbers.put(e, from.size());
      from.add(new Tail.Source(nodes.indexOf(live.node()), live.view()));
    }
    for (int e = 0; e < used.length; e++) {
      if (used[e] && entries.get(e) instanceof Entry.Constant(NdArray array)) {
        numbers.put(e, from.size() + constants.size());
        constants.add(array);
      }
    }
    List<Tail.Step> kept = new ArrayList<>();
    int next = from.size() + constants.size();
    for (int s = 0; s < steps.size(); s++) {
      Step step = steps.get(s);
      int first = step.first();
      boolean needed = false;
      for (int o = 0; o < step.outputs(); o++) {
        needed |= used[first + o];
      }
      if (!needed) {
        continue;
      }
      List<Integer> inputs = step.inputs().stream().map(i -> i < 0 ? -1 : numbers.get(i)).toList();
      kept.add(
          new Tail.Step(
              step.node().name(), step.node().op(), inputs, step.outputs(), step.calculation()));
      for (int o = 0; o < step.outputs(); o++) {
        numbers.put(first + o, next++);
      }
    }
    List<Tail.Output> named = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      named.add(new Tail.Output(names.get(i), numbers.get(ends.get(i))));
    }
    return new Tail(from, constants, kept, named);
  }

  /** The entries of which one is made, itself among them. */
  private boolean[] needed(int end) {
    boolean[] needed = new boolean[entries.size()];
    needed[end] = true;
    for (int e = end; e >= 0; e--) {
      if (needed[e] && entries.get(e) instanceof Entry.Step(int s, int o)) {
        steps.get(s).inputs().stream().filter(i -> i >= 0).forEach(i -> needed[i] = true);
      }
    }
    return needed;
  }
}
