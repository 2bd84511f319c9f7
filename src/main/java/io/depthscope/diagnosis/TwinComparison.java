package io.depthscope.diagnosis;

import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * One figure of a depthwise-separable network and of its regular twin, each trained with one or
 * several seeds.
 *
 * @param kind of the depthwise-separable network
 * @param twin kind of the regular one
 * @param separable its figure, one a seed
 * @param regular likewise
 * @param sampling standard error of the difference that the number of images leaves; NaN where
 *     unknown
 */
record TwinComparison(
    String kind, String twin, List<Double> separable, List<Double> regular, double sampling) {

  /** A difference within this many standard errors is not told from luck. */
  private static final double STANDARD_ERRORS = 2;

  static TwinComparison of(
      Study study,
      String kind,
      Study.Setting setting,
      ToDoubleFunction<NetworkSummary> figure,
      ToDoubleFunction<NetworkSummary> sampling) {
    String twin = StudyNetwork.of(kind, "").regularTwin();
    List<NetworkSummary> separable = study.ofKind(kind, setting);
    List<NetworkSummary> regular = study.ofKind(twin, setting);
    return new TwinComparison(
        kind,
        twin,
        separable.stream().map(figure::applyAsDouble).toList(),
        regular.stream().map(figure::applyAsDouble).toList(),
        Math.hypot(rms(separable, sampling), rms(regular, sampling)));
  }

  private static double rms(
      List<NetworkSummary> runs, ToDoubleFunction<NetworkSummary> standardError) {
    return Math.sqrt(
        runs.stream().mapToDouble(standardError).map(e -> e * e).average().orElse(Double.NaN));
  }

  boolean isComplete() {
    return !separable.isEmpty() && !regular.isEmpty();
  }

  static double mean(List<Double> values) {
    return values.stream().mapToDouble(v -> v).average().orElse(Double.NaN);
  }

  /** Sample standard deviation; NaN for less than two. */
  static double deviation(List<Double> values) {
    double mean = mean(values);
    double squares = values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
    return values.size() < 2 ? Double.NaN : Math.sqrt(squares / (values.size() - 1));
  }

  /** Mean of the separable networks less mean of the regular ones. */
  double difference() {
    return mean(separable) - mean(regular);
  }

  /** Standard error of the difference. */
  double noise() {
    if (separable.size() < 2 || regular.size() < 2) {
      return sampling;
    }
    double a = deviation(separable);
    double b = deviation(regular);
    return Math.sqrt(a * a / separable.size() + b * b / regular.size());
  }

  /**
   * Judges a claim that the separable networks have more of it.
   *
   * @param sign -1 if the claim is that they have less
   * @param threshold difference that is called one
   * @param name what the figure is, such as {@code accuracy lost}
   * @param factor from the figure to the unit shown
   */
  Claim.Evidence judge(
      String name, String unit, double factor, int sign, double threshold, boolean counts) {
    double difference = sign * difference();
    double noise = noise();
    Verdict verdict =
        !isComplete() || Double.isNaN(difference)
            ? Verdict.NOT_JUDGED
            : difference <= 0
                ? Verdict.NOT_SUPPORTED
                : difference >= threshold && !(difference <= STANDARD_ERRORS * noise)
                    ? Verdict.SUPPORTED
                    : Verdict.MIXED;
    String statement =
        "%s: %s of %s against %s of %s%s"
            .formatted(
                name,
                text(separable, factor, unit),
                kind,
                text(regular, factor, unit),
                twin,
                separable.size() < 2 || regular.size() < 2
                    ? " (one seed: luck of training unknown)"
                    : " (" + separable.size() + " and " + regular.size() + " seeds)");
    return new Claim.Evidence(statement, difference, threshold, noise, counts, verdict);
  }

  private static String text(List<Double> values, double factor, String unit) {
    String spread =
        values.size() < 2 ? "" : String.format(Locale.ROOT, " ± %.2f", factor * deviation(values));
    return String.format(Locale.ROOT, "%.2f%s%s", factor * mean(values), spread, unit);
  }
}
