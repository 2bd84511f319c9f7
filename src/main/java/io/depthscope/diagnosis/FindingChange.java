package io.depthscope.diagnosis;

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

  /** Findings of one run that cost something, and are gone or less severe in the other. */
  static List<FindingChange> gone(List<Finding> from, List<Finding> in) {
    List<FindingChange> gone = new ArrayList<>();
    for (Finding f : from) {
      Optional<Finding> other = in.stream().filter(g -> same(f, g)).findFirst();
      boolean eased = other.map(g -> g.severity().compareTo(f.severity()) > 0).orElse(true);
      if (f.severity() != Finding.Severity.LOW && eased) {
        gone.add(new FindingChange(f, other));
      }
    }
    return List.copyOf(gone);
  }

  private static boolean same(Finding f, Finding g) {
    return f.kind() == g.kind()
        && f.layer().equals(g.layer())
        && f.evidence()
            .getOrDefault("ofWeights", 0.0)
            .equals(g.evidence().getOrDefault("ofWeights", 0.0));
  }
}
