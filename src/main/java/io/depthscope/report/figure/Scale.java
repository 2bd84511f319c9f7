package io.depthscope.report.figure;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/** Where a value lies between the two ends of an axis. */
sealed interface Scale {
  double LARGEST = 1e300; // differences of larger ones would overflow
  double SMALLEST = 1e-290; // the steps of a smaller span would vanish

  /** A line of the grid and what stands beside it. */
  record Tick(double value, String label) {}

  /** 0 at the lower end, 1 at the upper; only for values that {@link #holds}. */
  double share(double value);

  /** True if the value has a place between the ends. */
  boolean holds(double value);

  /** In ascending order. */
  List<Tick> ticks();

  /** From low to high in equal steps. */
  record Linear(double low, double high, double step) implements Scale {

    /** An axis that holds both values and ends at ticks. */
    static Linear around(double low, double high) {
      return around(low, high, 6);
    }

    static Linear around(double low, double high, int ticks) {
      double a = clamp(Math.min(low, high));
      double b = clamp(Math.max(low, high));
      double largest = Math.max(Math.abs(a), Math.abs(b));
      if (!(b - a > Math.max(1e-9 * largest, SMALLEST))) {
        double pad = largest <= SMALLEST ? 1 : 0.1 * largest;
        a -= pad;
        b += pad;
      }
      double step = niceStep((b - a) / ticks);
      return new Linear(
          Math.floor(a / step + 1e-9) * step, Math.ceil(b / step - 1e-9) * step, step);
    }

    /** An axis that ends exactly at the two values. */
    static Linear exactly(double low, double high) {
      Linear nice = around(low, high, 8);
      return high - low > 0 ? new Linear(low, high, nice.step) : nice;
    }

    private static double niceStep(double wanted) {
      double power = Math.pow(10, Math.floor(Math.log10(wanted)));
      for (double factor : new double[] {1, 2, 5}) {
        if (factor * power >= wanted * (1 - 1e-9)) {
          return factor * power;
        }
      }
      return 10 * power;
    }

    @Override
    public double share(double value) {
      return (value - low) / (high - low);
    }

    @Override
    public boolean holds(double value) {
      double slack = 1e-9 * (high - low);
      return value >= low - slack && value <= high + slack;
    }

    @Override
    public List<Tick> ticks() {
      List<Tick> all = new ArrayList<>();
      for (double i = Math.ceil(low / step - 1e-6); i * step <= high + 1e-6 * step; i++) {
        all.add(new Tick(i * step, text(i * step, step)));
      }
      return all;
    }
  }

  /**
   * Equal steps multiply; both ends are positive.
   *
   * @param doubling ticks are powers of two instead of ten
   */
  record Logarithmic(double low, double high, boolean doubling) implements Scale {

    /** An axis for counts of levels: its ends are the powers of two about both values. */
    static Logarithmic doubling(double low, double high) {
      double first = Math.floor(log2(low) + 1e-9);
      double last = Math.max(first + 1, Math.ceil(log2(high) - 1e-9));
      return new Logarithmic(Math.pow(2, first), Math.pow(2, last), true);
    }

    private static double log2(double value) {
      return Math.log(value) / Math.log(2);
    }

    static Logarithmic around(DoubleStream values) {
      double[] positive = values.filter(v -> v > 0 && v <= LARGEST).toArray();
      double least = DoubleStream.of(positive).min().orElse(0.1);
      double most = DoubleStream.of(positive).max().orElse(10);
      double low = rounded(least, false);
      double high = rounded(most, true);
      return high > low
          ? new Logarithmic(low, high, false)
          : new Logarithmic(low / 2, high * 2, false);
    }

    /** The nearest 1, 2 or 5 times a power of ten at or beyond the value. */
    private static double rounded(double value, boolean up) {
      double power = Math.pow(10, Math.floor(Math.log10(value)));
      double[] factors = up ? new double[] {1, 2, 5, 10} : new double[] {5, 2, 1};
      for (double f : factors) {
        if (up ? f * power >= value * (1 - 1e-9) : f * power <= value * (1 + 1e-9)) {
          return f * power;
        }
      }
      return power;
    }

    @Override
    public double share(double value) {
      return Math.log(value / low) / Math.log(high / low);
    }

    @Override
    public boolean holds(double value) {
      return value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9);
    }

    @Override
    public List<Tick> ticks() {
      List<Tick> all = new ArrayList<>();
      if (doubling) {
        double stride = Math.pow(2, Math.ceil(log2(high / low) / 12));
        for (double value = low; value <= high * (1 + 1e-9); value *= stride) {
          all.add(new Tick(value, text(value, 1)));
        }
        return all;
      }
      double decades = Math.log10(high / low);
      if (decades < 1) {
        // Too few powers of ten: equal steps, which come to stand in unequal distances.
        return Linear.exactly(low, high).ticks();
      }
      int stride = (int) Math.max(1, Math.ceil(decades / 8));
      for (int e = (int) Math.floor(Math.log10(low) + 1e-9); e <= Math.log10(high) + 1e-9; e++) {
        for (double f : decades < 2.5 ? new double[] {1, 2, 5} : new double[] {1}) {
          double value = f * Math.pow(10, e);
          if (Math.floorMod(e, stride) == 0 && holds(value)) {
            all.add(new Tick(value, text(value, value)));
          }
        }
      }
      return all;
    }
  }

  /** About linear within +-threshold, logarithmic beyond, for values of both signs. */
  record SymmetricLogarithmic(double low, double high, double threshold) implements Scale {

    private double bent(double value) {
      return Math.signum(value) * Math.log10(1 + Math.abs(value) / threshold);
    }

    @Override
    public double share(double value) {
      return (bent(value) - bent(low)) / (bent(high) - bent(low));
    }

    @Override
    public boolean holds(double value) {
      return value >= low && value <= high;
    }

    @Override
    public List<Tick> ticks() {
      List<Tick> all = new ArrayList<>();
      int first = (int) Math.ceil(Math.log10(threshold) - 1e-9);
      int last = (int) Math.floor(Math.log10(Math.max(-low, high)) + 1e-9);
      int stride = Math.max(1, (last - first + 4) / 4);
      for (int e = last; e >= first; e -= stride) {
        add(all, -Math.pow(10, e));
      }
      add(all, 0);
      for (int e = last - (last - first) / stride * stride; e <= last; e += stride) {
        add(all, Math.pow(10, e));
      }
      return all;
    }

    private void add(List<Tick> all, double value) {
      if (holds(value)) {
        all.add(new Tick(value, text(value, value == 0 ? 1 : value)));
      }
    }
  }

  private static double clamp(double value) {
    return Math.max(-LARGEST, Math.min(LARGEST, value));
  }

  /** A value with the digits that steps of this size need, and a real minus sign. */
  private static String text(double value, double step) {
    boolean logarithmic = value == step;
    double size = Math.abs(value);
    String text;
    if (size < 1e-12 * Math.abs(step) || size == 0) {
      text = "0";
    } else if (size >= (logarithmic ? 1e4 : 1e5) || size < 1e-3) {
      text = String.format(Locale.ROOT, "%.2e", value).replaceAll("\\.?0*e", "e");
      text = text.replace("e+0", "e").replace("e+", "e").replace("e-0", "e-");
    } else {
      int digits = (int) Math.max(0, Math.ceil(-Math.log10(Math.abs(step)) - 1e-9));
      text = String.format(Locale.ROOT, "%." + Math.min(digits, 6) + "f", value);
    }
    return text.replace('-', '\u2212');
  }
}
