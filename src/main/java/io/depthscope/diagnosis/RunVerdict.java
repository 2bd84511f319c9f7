package io.depthscope.diagnosis;

import io.depthscope.record.Run;
import io.depthscope.record.RunSetting;
import io.depthscope.stats.Confidence;
import io.depthscope.stats.Interval;
import io.depthscope.stats.Prediction;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** What quantization does to a network, in a sentence, with what chance leaves open. */
public final class RunVerdict {
  private static final Confidence USUAL = new Confidence(0.95);

  private RunVerdict() {}

  /** The sentence; intervals are of 95 % confidence over the images. */
  public static String of(Run run) {
    String subject = run.model() + ", " + RunSetting.quantization(run) + ": ";
    List<Prediction> images = run.predictions();
    if (run.isClassifier() && run.network().accuracy().isPresent() && !images.isEmpty()) {
      return subject + ofRight(images);
    }
    if (run.isClassifier() && !images.isEmpty()) {
      long same = images.stream().filter(p -> !p.flipped()).count();
      return subject
          + share(same, images.size())
          + String.format(Locale.ROOT, " of %d images keep their class.", images.size());
    }
    return run.outputs().stream()
        .min(Comparator.comparingDouble(Run.Output::sqnrDb))
        .map(
            o ->
                subject
                    + String.format(
                        Locale.ROOT,
                        "the SQNR of %s is %s%s.",
                        o.layer(),
                        Phrases.decibel(o.sqnrDb()),
                        run.outputs().size() > 1
                            ? ", the lowest of " + run.outputs().size() + " outputs"
                            : ""))
        .orElse(subject + "nothing was measured.");
  }

  private static String ofRight(List<Prediction> images) {
    int n = images.size();
    long before = images.stream().filter(Prediction::rightFp32).count();
    long after = images.stream().filter(Prediction::rightQuantized).count();
    Interval change =
        USUAL.change(
            images.stream().filter(Prediction::mended).count(),
            images.stream().filter(Prediction::broken).count(),
            n);
    String told =
        change.excludesZero()
            ? String.format(
                Locale.ROOT,
                "%.1f points %s (%s)",
                100.0 * Math.abs(before - after) / n,
                before > after ? "lost" : "won",
                before > after
                    ? between(-change.high(), -change.low())
                    : between(change.low(), change.high()))
            : "no more lost than chance explains";
    return String.format(
        Locale.ROOT,
        "top-1 %s quantized, %s in float32, on %d images; %s.",
        share(after, n),
        share(before, n),
        n,
        told);
  }

  private static String share(long hits, int n) {
    Interval i = USUAL.share(hits, n);
    return String.format(Locale.ROOT, "%.1f %% (%s)", 100.0 * hits / n, between(i.low(), i.high()));
  }

  private static String between(double low, double high) {
    return String.format(Locale.ROOT, "%.1f to %.1f", 100 * low, 100 * high);
  }
}
