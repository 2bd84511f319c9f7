package io.depthscope.run;

import io.depthscope.record.Sensitivity.Direction;
import io.depthscope.record.SensitivityState;
import io.depthscope.run.CutRuns.Run;
import io.depthscope.stats.ImageEnergies;
import io.depthscope.stats.SqnrEstimate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.DoubleSummaryStatistics;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Which runs need more images. All start with the same ones; then, in rounds, those go on whose
 * place in the ranking is not settled yet. What is decided depends on what was measured alone, so
 * that a continued measurement decides the same.
 *
 * <p>A ranking is a list of groups. A group is cut between two places where every layer above is
 * told apart from every layer below; the order of groups is final, and a group of one is settled.
 */
final class SensitivityRace {
  /** Fewer say too little for an interval. */
  private static final int FEWEST_IMAGES = 16;

  /** Share of what may be spent that all layers get, settled or not. */
  private static final double FIRST_ROUND = 1.0 / 8;

  /** Images after a round, by those before it. */
  private static final double GROWTH = 1.25;

  private final SensitivityAim aim;
  private final int images;
  private final ToDoubleFunction<Run> cost;
  private final double wholes;
  private final Map<Direction, List<List<Integer>>> groups = new EnumMap<>(Direction.class);
  private double spent;
  private int bound;
  private boolean begun;
  private boolean finished;

  /**
   * @param layers that are measured
   * @param images there are, by their index
   * @param cost of a run, in evaluations of the whole network
   * @param wholes evaluations that every image takes beside its runs
   */
  SensitivityRace(
      SensitivityAim aim, int layers, int images, ToDoubleFunction<Run> cost, double wholes) {
    this.aim = aim;
    this.images = images;
    this.cost = cost;
    this.wholes = wholes;
    for (Direction d : Direction.values()) {
      List<List<Integer>> one = new ArrayList<>();
      one.add(IntStream.range(0, layers).boxed().toList());
      groups.put(d, one);
    }
    double first = aim.exhaustive() ? images : images * aim.passes() * FIRST_ROUND / passes(open());
    bound = (int) Math.min(images, Math.max(FEWEST_IMAGES, first));
    spent = passes(open()) * bound / images;
  }

  /** The round under way ends before the image of this index. */
  int bound() {
    return bound;
  }

  /** True if nothing is to be run any more. */
  boolean isFinished() {
    return finished;
  }

  /** The runs of this round, by layer and direction. */
  List<Run> open() {
    List<Run> open = new ArrayList<>();
    for (Direction d : Direction.values()) {
      for (List<Integer> group : groups.get(d)) {
        if (group.size() > 1 || !begun) {
          group.forEach(l -> open.add(new Run(d, l)));
        }
      }
    }
    open.sort(Comparator.comparingInt(Run::layer).thenComparing(Run::direction));
    return open;
  }

  /** Evaluations of the whole network for an image. */
  private double passes(List<Run> some) {
    return wholes + some.stream().mapToDouble(cost).sum();
  }

  /** Ends a round: all images before its bound have been run. */
  void advance(SensitivityState state) {
    int seen = state.imagesBefore(bound);
    begun = true;
    for (Direction d : Direction.values()) {
      double closeDb = aim.precision() * range(d, state);
      List<List<Integer>> parted = new ArrayList<>();
      for (List<Integer> group : groups.get(d)) {
        if (group.size() > 1) {
          parted.addAll(parted(d, group, closeDb, state, seen));
        } else {
          parted.add(group);
        }
      }
      groups.put(d, parted);
    }
    List<Run> open = open();
    double each = passes(open) / images;
    int affordable =
        aim.exhaustive() ? images : bound + (int) Math.max(0, (aim.passes() - spent) / each);
    int next = Math.min(images, Math.min((int) Math.ceil(GROWTH * bound), affordable));
    // What is left for a few images would move nothing.
    if (open.isEmpty() || next == bound || next < Math.min(images, bound + bound / 16)) {
      finished = true;
    } else {
      spent += each * (next - bound);
      bound = next;
    }
  }

  /** From the lowest to the highest SQNR of a direction, of those that have one, in dB. */
  private static double range(Direction d, SensitivityState state) {
    DoubleSummaryStatistics all =
        IntStream.range(0, state.layers())
            .mapToDouble(
                l -> {
                  ImageEnergies run = state.run(d, l);
                  return SqnrEstimate.of(state.signal(), run, run.images()).db();
                })
            .filter(Double::isFinite)
            .summaryStatistics();
    return Math.max(0, all.getMax() - all.getMin());
  }

  private List<List<Integer>> parted(
      Direction d, List<Integer> group, double closeDb, SensitivityState state, int seen) {
    List<SqnrEstimate> estimates =
        group.stream().map(l -> SqnrEstimate.of(state.signal(), state.run(d, l), seen)).toList();
    List<Integer> order =
        IntStream.range(0, group.size())
            .boxed()
            .sorted(
                Comparator.comparingDouble((Integer i) -> harm(d, estimates.get(i)))
                    .thenComparing(group::get))
            .toList();
    List<List<Integer>> parts = new ArrayList<>();
    List<Integer> part = new ArrayList<>();
    int apart = 0; // places above here are told apart from the one below as far as known
    for (int place = 0; place < order.size(); place++) {
      if (place > 0 && isCut(order, place, apart, closeDb, estimates)) {
        parts.add(part);
        part = new ArrayList<>();
        apart = place;
      }
      part.add(group.get(order.get(place)));
    }
    parts.add(part);
    return parts;
  }

  /** True if all places from {@code from} to before {@code place} differ from all behind. */
  private boolean isCut(
      List<Integer> order, int place, int from, double closeDb, List<SqnrEstimate> estimates) {
    for (int above = from; above < place; above++) {
      for (int below = place; below < order.size(); below++) {
        SqnrEstimate a = estimates.get(order.get(above));
        SqnrEstimate b = estimates.get(order.get(below));
        if (!isApart(a, b) && !b.above(a, aim.confidence()).isWithin(closeDb)) {
          return false;
        }
      }
    }
    return true;
  }

  private boolean isApart(SqnrEstimate a, SqnrEstimate b) {
    return Double.isNaN(a.db()) || Double.isNaN(b.db())
        ? Double.isNaN(a.db()) != Double.isNaN(b.db())
        : b.above(a, aim.confidence()).excludesZero();
  }

  /** Ascending from the most sensitive layer on. */
  private static double harm(Direction d, SqnrEstimate of) {
    double db = Double.isNaN(of.db()) ? Double.NEGATIVE_INFINITY : of.db();
    return d == Direction.ALONE ? db : -db;
  }

  /** The layers from the most sensitive on. */
  List<Integer> ranking(Direction d) {
    return groups.get(d).stream().flatMap(List::stream).toList();
  }

  /**
   * How many layers are more sensitive than one for certain, and how many less, each compared on
   * the images that both have seen.
   */
  int[] certain(Direction d, int layer, SensitivityState state) {
    int[] counts = new int[2];
    for (int other = 0; other < state.layers(); other++) {
      int seen = Math.min(state.run(d, layer).images(), state.run(d, other).images());
      SqnrEstimate own = SqnrEstimate.of(state.signal(), state.run(d, layer), seen);
      SqnrEstimate its = SqnrEstimate.of(state.signal(), state.run(d, other), seen);
      if (other != layer && isApart(own, its)) {
        counts[harm(d, its) < harm(d, own) ? 0 : 1]++;
      }
    }
    return counts;
  }
}
