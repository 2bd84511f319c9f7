package io.depthscope.backend.reference;

import io.depthscope.backend.Backend;
import io.depthscope.backend.Program;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Step;

/** The oracle: plain loops, double accumulation, one thread. */
public final class ReferenceBackend implements Backend {

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public String description() {
    return "plain loops, double accumulation, 1 thread";
  }

  @Override
  public Program compile(Plan plan, int maxBatch) {
    return new ReferenceProgram(plan);
  }

  @Override
  public long memoryBytes(Plan plan, int maxBatch) {
    long bytes = 0;
    for (Step l : plan.steps()) {
      bytes +=
          4L
              * l.kernel().length
              * (l.codes().isPresent() ? 3 : 1); // folded; codes and their values
      bytes += 4L * 4 * l.out().size(); // outputs of both streams, before and after quantization
      bytes += 400L * l.out().channels(); // sums of one image and running statistics
      bytes += 8L * (32768 + l.output().map(p -> p.codes()).orElse(0));
    }
    return bytes;
  }
}
