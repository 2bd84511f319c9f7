package io.depthscope.diagnosis;

import io.depthscope.record.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A finding that matters in one run and in the other not, or less.
 *
 * @param finding as it is where it matters
 * @param elsewhere the other run's finding of the same kind about the same layer, less severe;
 *     empty where there is none
 */
public record FindingChange(Finding finding, Optional<Finding> elsewhere) {

  /**
   * Findings of one run that cost something, and are gone or less severe in the other. Where the
   * layer's error is clearly smaller than in the other run nothing got worse: what is left of it
   * only stands out more.
   *
   * @param inFrom the findings of {@code from}
   * @param inOther likewise
   */
  static List<FindingChange> gone(
      Run from, List<Finding> inFrom, Run other, List<Finding> inOther) {
    List<FindingChange> gone = new ArrayList<>();
    for (Finding f : inFrom) {
      if (f.kind() != Finding.Kind.NON_FINITE
          && sqnr(from, f) - sqnr(other, f) > RunComparison.EXPLAINING_DB) {
        continue;
      }
      Optional<Finding> there = inOther.stream().filter(g -> same(f, g)).findFirst();
      boolean eased = there.map(g -> g.severity().compareTo(f.severity()) > 0).orElse(true);
      if (f.severity() != Finding.Severity.LOW && eased) {
        gone.add(new FindingChange(f, there));
      }
    }
    return List.copyOf(gone);
  }

  private static boolean same(Finding f, Finding g) {
    return f.kind() == g.kind()
        && f.layer().equals(g.layer())
        && sameEvidence(f, g, Finding.OF_WEIGHTS)
        && sameEvidence(f, g, Finding.UPPER_END);
  }

  private static boolean sameEvidence(Finding f, Finding g, String name) {
    return f.evidence().holds(name) == g.evidence().holds(name);
  }

  /** NaN where the run lacks the layer. */
  private static double sqnr(Run run, Finding f) {
    return run.find(f.layer()).map(l -> l.error().sqnrDb()).orElse(Double.NaN);
  }
}
