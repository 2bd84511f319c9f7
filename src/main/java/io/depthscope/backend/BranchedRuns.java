package io.depthscope.backend;

import io.depthscope.plan.Plan;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Runs many plans on the same images, each of which equals another one, its trunk, up to some step.
 * The trunks are computed once a batch and kept at one cut at a time; each branch is a program of
 * the steps from its cut on. The outputs are, to the bit, those of whole plans.
 *
 * @param batch most images of one
 * @param trunks whole plans of one stream, of the same graph
 */
public record BranchedRuns(Backend backend, int batch, List<Plan> trunks) {

  public BranchedRuns {
    trunks = List.copyOf(trunks);
  }

  /**
   * A plan of one stream.
   *
   * @param trunk place of the plan that it equals at first
   * @param from the first step that differs
   */
  public record Branch(int trunk, int from, Plan plan) {}

  /** What plans made of a batch, in the order in which they were given. */
  public record Outputs(List<float[]> trunks, List<float[]> branches) {}

  /** Told how many branches of a batch are done; false ends it early. */
  @FunctionalInterface
  public interface Progress {
    boolean goOn(int branches) throws IOException;
  }

  /**
   * Runs a batch.
   *
   * @return empty if it was ended early
   */
  public Optional<Outputs> run(InputBatch images, List<Branch> branches, Progress progress)
      throws IOException {
    int end = trunks.getFirst().steps().size();
    InputBatch[] cuts = new InputBatch[trunks.size()];
    Arrays.fill(cuts, images);
    float[][] outputs = new float[branches.size()][];
    Set<Integer> places = new TreeSet<>();
    branches.forEach(b -> places.add(b.from()));
    int at = 0;
    int done = 0;
    for (int place : places) {
      if (place > at) {
        for (int t = 0; t < cuts.length; t++) {
          BatchOutput part = run(trunks.get(t).part(at, place), cuts[t]);
          cuts[t] = InputBatch.continued(part, images.indices());
        }
        at = place;
      }
      for (int b = 0; b < outputs.length; b++) {
        Branch branch = branches.get(b);
        if (branch.from() == place) {
          outputs[b] = run(branch.plan().part(place, end), cuts[branch.trunk()]).baseline();
          if (!progress.goOn(++done)) {
            return Optional.empty();
          }
        }
      }
    }
    List<float[]> whole = new ArrayList<>();
    for (int t = 0; t < cuts.length; t++) {
      whole.add(run(trunks.get(t).part(at, end), cuts[t]).baseline());
    }
    return Optional.of(new Outputs(whole, List.of(outputs)));
  }

  private BatchOutput run(Plan plan, InputBatch from) throws IOException {
    try (Program program = backend.compile(plan, batch)) {
      return Program.await(program.submit(from));
    }
  }
}
