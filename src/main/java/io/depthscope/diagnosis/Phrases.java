package io.depthscope.diagnosis;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Numbers and lists as statements write them. */
public final class Phrases {
  /** Longer lists of channels make a statement unreadable; the record holds them all. */
  private static final int LISTED = 8;

  private static final double LARGE = 100;
  private static final double SMALLEST = 1e-3;

  private Phrases() {}

  /** A share as a percentage: with one digit where it is not whole. */
  public static String percent(double fraction) {
    double p = 100 * fraction;
    if (!Double.isFinite(p)) {
      return Double.toString(p);
    }
    if (p > 0 && p < 0.1) {
      return String.format(Locale.ROOT, "%.2g %%", p);
    }
    return String.format(Locale.ROOT, p == Math.rint(p) ? "%.0f %%" : "%.1f %%", p);
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
    return Double.isFinite(x) ? String.format(Locale.ROOT, "%.1f dB", x) : x + " dB";
  }

  static String range(double min, double max) {
    return number(min) + " .. " + number(max);
  }

  /** {@code channel 3}, {@code channels 3, 5 and 9}, {@code channels 1, 2, ... and 40 more}. */
  static String channels(List<Integer> ids) {
    if (ids.size() == 1) {
      return "channel " + ids.getFirst();
    }
    int shown = ids.size() <= LISTED + 1 ? ids.size() - 1 : LISTED;
    String head =
        ids.subList(0, shown).stream().map(String::valueOf).collect(Collectors.joining(", "));
    int rest = ids.size() - shown;
    return "channels " + head + " and " + (rest == 1 ? ids.getLast() : rest + " more");
  }

  /** {@code 1 channel}, {@code 2 channels}. */
  static String count(long n, String one, String many) {
    return n + " " + (n == 1 ? one : many);
  }
}
