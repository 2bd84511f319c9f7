package io.depthscope.verification;

import io.depthscope.backend.Backend;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.plan.Recording;
import java.util.List;

/**
 * A case with what a backend computes for each of its nodes, and the two checks that start from
 * there: that the oracle computes the same, and that the statistics are those of these tensors.
 */
public record ProbedCase(Backend backend, PlanCase planCase, List<NodeTensors> tensors) {

  /** Runs a case node by node. */
  public static ProbedCase of(Backend backend, PlanCase c) {
    return new ProbedCase(backend, c, c.probe(backend));
  }

  /**
   * Holds the last node, whose inputs are the same bits on all backends, to the oracle.
   *
   * @param tally counts the codes, and those that a tie explains
   */
  public Findings againstTheOracle(LayerComparison tally) {
    return at(tally.compare(planCase, planCase.probe(new ReferenceBackend()), tensors), backend);
  }

  /** Holds what a run of the whole network hands out and records to the tensors. */
  public Findings recorded(Recording recording) {
    return recordedBy(backend, recording);
  }

  /** The same for another way to compute the same bits. */
  public Findings recordedBy(Backend variant, Recording recording) {
    return at(StatisticsCheck.run(variant, planCase, recording, tensors), variant);
  }

  private Findings at(Findings findings, Backend which) {
    return findings.at(planCase.text() + " on " + which.name() + ", " + which.description());
  }
}
