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
 * @param sampling standard error of the difference that the number of images leaves; NaN where it
 *     is not known, as for figures that are no shares of images
 */
record TwinComparison(
    String kind, String twin, List<Double> separable, List<Double> regular, double sampling) {

  /**
   * Student's t at 97.5 % by degrees of freedom, from 1 on: how many standard errors a difference
   * must exceed. Two or three seeds know their spread badly, so that it takes more than two.
   */
  private static final double[] STUDENT = {12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31};

  private static final int DIGITS = 2;

  /** For the sampling of images, and for many seeds. */
  static final double NORMAL = 2;

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
    return values.size() < 2 ? Double.NaN : Math.sqrt(squares(values) / (values.size() - 1));
  }

  /** Mean of the separable networks less mean of the regular ones. */
  double difference() {
    return mean(separable) - mean(regular);
  }

  /** Degrees of freedom of the spread between seeds; 0 where there is one seed of each. */
  private int freedom() {
    return separable.size() + regular.size() - 2;
  }

  /** Standard error of the difference that the seeds show; NaN where there is one of each. */
  private double spread() {
    double squares = squares(separable) + squares(regular);
    return freedom() < 1
        ? Double.NaN
        : Math.sqrt(squares / freedom() * (1.0 / separable.size() + 1.0 / regular.size()));
  }

  private static double squares(List<Double> values) {
    double mean = mean(values);
    return values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
  }

  /**
   * What a difference must exceed to be told from luck: from the spread between seeds or the number
   * of images, whichever is larger; NaN where neither is known.
   */
  double noise() {
    double seeds =
        freedom() < 1
            ? Double.NaN
            : spread() * (freedom() <= STUDENT.length ? STUDENT[freedom() - 1] : NORMAL);
    double images = NORMAL * sampling;
    return Double.isNaN(seeds) ? images : Double.isNaN(images) ? seeds : Math.max(seeds, images);
  }

  /**
   * Judges a claim that the separable networks have more of it.
   *
   * @param sign -1 if the claim is that they have less
   * @param smallest difference that is more than none
   * @param threshold difference that supports the claim
   * @param name what the figure is, such as {@code accuracy lost}
   * @param factor from the figure to the unit shown
   */
  Claim.Evidence judge(
      String name,
      String unit,
      double factor,
      int sign,
      double smallest,
      double threshold,
      boolean counts) {
    double difference = sign * difference();
    double noise = noise();
    Verdict verdict =
        !isComplete() || Double.isNaN(difference)
            ? Verdict.NOT_JUDGED
            : difference <= smallest
                ? Verdict.NOT_SUPPORTED
                : difference >= threshold && !(difference <= noise)
                    ? Verdict.SUPPORTED
                    : Verdict.MIXED;
    String statement =
        String.format(
            Locale.ROOT,
            "%s: %s of %s against %s of %s (%s)",
            name,
            text(separable, factor, unit),
            kind,
            text(regular, factor, unit),
            twin,
            String.format(
                Locale.ROOT,
                "difference %s, threshold %s, noise %s",
                Phrases.fixed(factor * difference, DIGITS),
                Phrases.fixed(factor * threshold, DIGITS),
                Double.isNaN(noise)
                    ? "unknown with one seed"
                    : Phrases.fixed(factor * noise, DIGITS)));
    return new Claim.Evidence(statement, difference, threshold, noise, counts, verdict);
  }

  private static String text(List<Double> values, double factor, String unit) {
    String spread =
        values.size() < 2 ? "" : " ± " + Phrases.fixed(factor * deviation(values), DIGITS);
    return Phrases.fixed(factor * mean(values), DIGITS) + spread + unit;
  }
}
