package io.depthscope.diagnosis;

import io.depthscope.record.RunFigures;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A condition on how a figure differs between two runs, such as {@code network.top1Quantized <
 * -0.01}: B less A.
 *
 * @param text as it was written
 * @param figure one of {@link RunFigures#byPlace}
 */
public record Condition(String text, String figure, Operator operator, double limit) {

  /** How a difference is compared with the limit. NaN fails every condition. */
  public enum Operator {
    BELOW("<") {
      @Override
      boolean fails(double difference, double limit) {
        return !(difference >= limit);
      }
    },
    AT_MOST("<=") {
      @Override
      boolean fails(double difference, double limit) {
        return !(difference > limit);
      }
    },
    ABOVE(">") {
      @Override
      boolean fails(double difference, double limit) {
        return !(difference <= limit);
      }
    },
    AT_LEAST(">=") {
      @Override
      boolean fails(double difference, double limit) {
        return !(difference < limit);
      }
    };

    private final String sign;

    Operator(String sign) {
      this.sign = sign;
    }

    abstract boolean fails(double difference, double limit);

    static Operator of(String sign) {
      return Arrays.stream(values()).filter(o -> o.sign.equals(sign)).findFirst().orElseThrow();
    }
  }

  private static final Pattern FORM =
      Pattern.compile("\\s*([^\\s<>=](?:[^<>=]*[^\\s<>=])?)\\s*(<=|>=|<|>)\\s*([^\\s<>=]+)\\s*");

  private static final int SUGGESTED = 3;

  /**
   * Reads a condition.
   *
   * @throws IllegalArgumentException saying what is wrong with it
   */
  public static Condition parse(String text) {
    Matcher m = FORM.matcher(text);
    if (!m.matches()) {
      throw new IllegalArgumentException(
          "'"
              + text
              + "' is not FIGURE < NUMBER (or <=, >, >=), such as"
              + " 'network.top1Quantized < -0.01'");
    }
    double limit;
    try {
      limit = Double.parseDouble(m.group(3));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'" + m.group(3) + "' in '" + text + "' is no number", e);
    }
    if (Double.isNaN(limit)) {
      throw new IllegalArgumentException("'" + text + "' compares with NaN");
    }
    return new Condition(text.strip(), m.group(1), Operator.of(m.group(2)), limit);
  }

  /**
   * B less A of the figure; 0 where both are the same infinity.
   *
   * @throws IllegalArgumentException if one of the runs lacks the figure; names near ones
   */
  public double difference(RunComparison runs) {
    Map<String, Double> a = RunFigures.byPlace(runs.a());
    Map<String, Double> b = RunFigures.byPlace(runs.b());
    if (!a.containsKey(figure) && !b.containsKey(figure)) {
      throw new IllegalArgumentException(
          "there is no figure '" + figure + "'; near it: " + String.join(", ", near(a)));
    }
    if (!a.containsKey(figure) || !b.containsKey(figure)) {
      throw new IllegalArgumentException(
          "the figure '" + figure + "' is in one of the two runs only");
    }
    return LayerChange.difference(a.get(figure), b.get(figure));
  }

  /** True if the condition holds of a difference, so that the comparison fails; NaN fails, too. */
  public boolean fails(double difference) {
    return operator.fails(difference, limit);
  }

  private List<String> near(Map<String, Double> names) {
    return names.keySet().stream()
        .sorted(Comparator.comparingInt((String n) -> distance(n, figure)))
        .limit(SUGGESTED)
        .toList();
  }

  /** How many letters must be changed, added or left out. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
