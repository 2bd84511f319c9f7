package io.depthscope.verification;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Differences that a check found; the checks themselves are tested by counting them. */
public final class Findings {
  private static final int SHOWN = 8;

  private final List<String> all = new ArrayList<>();
  private String where = "";

  /**
   * Says in failure messages where all this was found.
   *
   * @return this
   */
  Findings at(String place) {
    where = "\n  in " + place;
    return this;
  }

  public boolean isEmpty() {
    return all.isEmpty();
  }

  public void add(String finding) {
    all.add(finding);
  }

  public void addAll(Findings other) {
    all.addAll(other.all);
  }

  /** Notes a difference above the tolerance; a NaN that is not expected is one. */
  public void close(String what, double expected, double actual, double tolerance) {
    boolean same = expected == actual || (Double.isNaN(expected) && Double.isNaN(actual));
    if (!same && !(Math.abs(expected - actual) <= tolerance)) {
      add(
          String.format(
              Locale.ROOT,
              "%s: expected %s, got %s, tolerance %s",
              what,
              expected,
              actual,
              tolerance));
    }
  }

  public void same(String what, long expected, long actual) {
    if (expected != actual) {
      add(String.format(Locale.ROOT, "%s: expected %d, got %d", what, expected, actual));
    }
  }

  /** Every element within atol + rtol |expected|; NaN is never within. */
  public void close(String what, float[] expected, float[] actual, double atol, double rtol) {
    same(what + " length", expected.length, actual.length);
    int bad = 0;
    for (int i = 0; i < Math.min(expected.length, actual.length); i++) {
      double tolerance = atol + rtol * Math.abs(expected[i]);
      if (!(Math.abs((double) expected[i] - actual[i]) <= tolerance) && ++bad == 1) {
        add(
            String.format(
                Locale.ROOT,
                "%s[%d]: expected %s, got %s, tolerance %s",
                what,
                i,
                expected[i],
                actual[i],
                tolerance));
      }
    }
    if (bad > 1) {
      add(what + ": " + bad + " elements differ");
    }
  }

  /** Every element has the same bits, all NaN counting as one. */
  public void identical(String what, float[] expected, float[] actual) {
    same(what + " length", expected.length, actual.length);
    for (int i = 0; i < Math.min(expected.length, actual.length); i++) {
      if (Float.floatToIntBits(expected[i]) != Float.floatToIntBits(actual[i])) {
        add(
            String.format(
                Locale.ROOT, "%s[%d]: expected %s, got %s", what, i, expected[i], actual[i]));
        return;
      }
    }
  }

  /** Fails with the case's text unless nothing was found. */
  public void assertNone(String text) {
    if (!all.isEmpty()) {
      throw new AssertionError(text + "\n  " + this);
    }
  }

  @Override
  public String toString() {
    String shown = String.join("\n  ", all.subList(0, Math.min(SHOWN, all.size())));
    String more = all.size() > SHOWN ? "\n  and " + (all.size() - SHOWN) + " more" : "";
    return shown + more + where;
  }
}
