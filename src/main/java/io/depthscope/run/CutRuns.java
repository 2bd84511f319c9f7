package io.depthscope.run;

import io.depthscope.backend.Backend;
import io.depthscope.backend.BranchedRuns;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.record.Sensitivity.Direction;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Runs a network many times on the same images, each time with one layer quantized alone or with
 * all but one. Up to that layer a run is that of the float32 or of the quantized network.
 */
final class CutRuns {
  private static final int PLAIN = 0;
  private static final int FULL = 1;

  private final Plan pair;
  private final BranchedRuns together;
  private final List<Integer> layers;
  private final Map<Direction, List<Plan>> runs = new EnumMap<>(Direction.class);
  private final Backend backend;
  private final int batch;
  private final boolean mended;

  /** A layer in a direction. */
  record Run(Direction direction, int layer) {}

  /**
   * The outputs of a batch.
   *
   * @param fp32 of the baseline
   * @param quantized of the candidate
   * @param runs in the order in which they were asked for
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Outputs(float[] fp32, float[] quantized, List<float[]> runs) {}

  /**
   * @param pair the whole plan of both streams
   */
  CutRuns(Plan pair, Backend backend, int batch) {
    this.pair = pair;
    this.backend = backend;
    this.batch = batch;
    this.layers = quantizedLayers(pair);
    this.together =
        new BranchedRuns(backend, batch, List.of(pair.only(Set.of()).alone(), pair.alone()));
    this.mended = !pair.network().mended().isEmpty();
    Set<String> all = new HashSet<>();
    layers.forEach(i -> all.add(name(i)));
    List<Plan> alone = new ArrayList<>();
    List<Plan> allBut = new ArrayList<>();
    for (int node : layers) {
      alone.add(pair.only(Set.of(name(node))).alone());
      Set<String> others = new HashSet<>(all);
      others.remove(name(node));
      allBut.add(pair.only(others).alone());
    }
    runs.put(Direction.ALONE, alone);
    runs.put(Direction.ALL_BUT, allBut);
  }

  /** The nodes of a plan of which something is quantized, in order. */
  static List<Integer> quantizedLayers(Plan pair) {
    List<Integer> some = new ArrayList<>();
    for (int i = 0; i < pair.steps().size(); i++) {
      if (pair.step(i).output().isPresent() || pair.step(i).codes().isPresent()) {
        some.add(i);
      }
    }
    return List.copyOf(some);
  }

  private String name(int node) {
    return pair.step(node).node().name();
  }

  /** The nodes that are measured. */
  List<Integer> layers() {
    return layers;
  }

  /** The plan of a run by itself. */
  Plan plan(Run run) {
    return runs.get(run.direction()).get(run.layer());
  }

  /** Multiply-accumulates of a run from its layer on, for one image. */
  long macs(Run run) {
    long sum = 0;
    for (int i = layers.get(run.layer()); i < pair.steps().size(); i++) {
      sum += pair.graph().macs(i);
    }
    return sum;
  }

  /** Evaluations of the whole network, one stream, that every image takes beside its runs. */
  int wholes() {
    return mended ? 3 : 2;
  }

  /**
   * Runs a batch.
   *
   * @return null if it was ended early
   */
  Outputs run(InputBatch images, List<Run> some, BranchedRuns.Progress progress)
      throws IOException {
    List<BranchedRuns.Branch> branches =
        some.stream()
            .map(
                r ->
                    new BranchedRuns.Branch(
                        r.direction() == Direction.ALONE ? PLAIN : FULL,
                        layers.get(r.layer()),
                        plan(r)))
            .toList();
    BranchedRuns.Outputs made = together.run(images, branches, progress).orElse(null);
    if (made == null) {
      return null;
    }
    return new Outputs(
        mended ? fp32(images) : made.trunks().get(PLAIN), made.trunks().get(FULL), made.branches());
  }

  /** A candidate of which nothing is quantized still has the weights that were mended for it. */
  private float[] fp32(InputBatch images) throws IOException {
    Plan own = Plan.fp32(pair.network(), pair.inputTable(), Recording.PLAIN);
    try (Program program = backend.compile(own, batch)) {
      return Program.await(program.submit(images)).baseline();
    }
  }

  /**
   * Bytes of the largest program, of the activations at a cut and of the outputs of a batch.
   *
   * @param shape of the plan, as large as the real one
   */
  static long memoryBytes(Plan shape, Backend backend, int batch) {
    long program = backend.memoryBytes(shape, batch);
    long cut = 0;
    int end = shape.steps().size();
    List<Integer> layers = quantizedLayers(shape);
    for (int layer : layers) {
      Plan rest = shape.part(layer, end);
      program = Math.max(program, backend.memoryBytes(rest, batch));
      if (layer > 0) {
        cut = Math.max(cut, rest.inputSize());
      }
    }
    // Both networks, at a cut and at the one before while the step between them is taken.
    long outputs = (2L * layers.size() + 3) * shape.outputSize();
    return program + (4 * cut + outputs) * Float.BYTES * batch;
  }
}
