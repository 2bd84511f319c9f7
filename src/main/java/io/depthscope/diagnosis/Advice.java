package io.depthscope.diagnosis;

import java.util.List;

/**
 * What would mend a finding.
 *
 * @param text in words, with the options that do it; empty where nothing is known to
 * @param steps remedies of {@code mend --steps}, in their order; empty where none helps
 */
public record Advice(String text, List<String> steps) {
  /** Nothing is known to help. */
  static final Advice NONE = new Advice("", List.of());

  public Advice {
    steps = List.copyOf(steps);
  }

  static Advice of(String text, String... steps) {
    return new Advice(text, List.of(steps));
  }
}
