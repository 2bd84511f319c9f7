package io.depthscope.diagnosis;

import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import java.util.stream.Collectors;

/** Numbers and lists as statements write them. */
public final class Phrases {
  /** Longer lists make a statement unreadable; the record holds them all. */
  private static final int LISTED = 3;

  private static final double LARGE = 100;
  private static final double SMALLEST = 1e-3;

  private Phrases() {}

  /** A share as a percentage with one digit; less than a thousandth with two that count. */
  public static String percent(double fraction) {
    double p = 100 * fraction;
    if (!Double.isFinite(p)) {
      return Double.toString(p);
    }
    return Math.abs(p) > 0 && Math.abs(p) < 0.1
        ? String.format(Locale.ROOT, "%.2g %%", p)
        : fixed(p, 1) + " %";
  }

  /** A number of any size, with about three digits. */
  public static String number(double x) {
    if (!Double.isFinite(x)) {
      return Double.toString(x);
    }
    double size = Math.abs(x);
    if (x == Math.rint(x) && size < 1e6) {
      return Long.toString((long) x);
    }
    if (size >= 1e6 || (size > 0 && size < SMALLEST)) {
      return String.format(Locale.ROOT, "%.2g", x);
    }
    return String.format(Locale.ROOT, size >= LARGE ? "%.0f" : size >= 1 ? "%.1f" : "%.3g", x);
  }

  /** With a fixed number of digits; what rounds to zero has no sign. */
  public static String fixed(double x, int digits) {
    String text = String.format(Locale.ROOT, "%." + digits + "f", x);
    return text.matches("-0\\.?0*") ? text.substring(1) : text;
  }

  public static String decibel(double x) {
    return (Double.isFinite(x) ? fixed(x, 1) : Double.toString(x)) + " dB";
  }

  static String range(double min, double max) {
    return number(min) + " .. " + number(max);
  }

  /**
   * The worst with their figures and the number of the others: {@code channel 12 (223), 40 (57.1),
   * 3 (20.3) and 9 more}.
   *
   * @param ids worst first, at least one
   */
  static String worst(List<Integer> ids, IntFunction<String> figure) {
    int shown = ids.size() == LISTED + 1 ? ids.size() : Math.min(LISTED, ids.size());
    String head =
        ids.subList(0, shown).stream()
            .map(i -> i + " (" + figure.apply(i) + ")")
            .collect(Collectors.joining(", "));
    int rest = ids.size() - shown;
    return (ids.size() == 1 ? "channel " : "channels ")
        + head
        + (rest == 0 ? "" : " and " + rest + " more");
  }

  /** {@code 1 channel}, {@code 2 channels}. */
  static String count(long n, String one, String many) {
    return n + " " + (n == 1 ? one : many);
  }
}
