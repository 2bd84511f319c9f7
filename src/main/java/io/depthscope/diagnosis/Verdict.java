package io.depthscope.diagnosis;

import java.util.List;
import java.util.Locale;

/** What measurements say of a claim. */
public enum Verdict {
  SUPPORTED,
  /** Parts of the evidence agree with the claim, or the difference is no larger than the noise. */
  MIXED,
  NOT_SUPPORTED,
  /** The study holds no networks that could tell. */
  NOT_JUDGED;

  /** The verdict of several: theirs if they agree, else mixed; those not judged do not count. */
  static Verdict joint(List<Verdict> parts) {
    List<Verdict> judged = parts.stream().filter(v -> v != NOT_JUDGED).distinct().toList();
    return judged.isEmpty() ? NOT_JUDGED : judged.size() == 1 ? judged.getFirst() : MIXED;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
