package io.depthscope.diagnosis;

import io.depthscope.quant.QuantParams;
import io.depthscope.stats.BitHistogram;
import io.depthscope.store.RecordedLayer;
import io.depthscope.store.RecordedRun;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Images that alone reach far beyond what the others do. */
final class ImageFindings {
  /** All but one value in ten thousand: what a range that forgets outliers would keep. */
  static final double QUANTILE = 0.9999;

  /** The image must make the range twice as wide as those values need: one bit. */
  static final double BEYOND_QUANTILE = 2;

  /** It must stand out among images, too; the largest of many differ by a few percent. */
  static final double BEYOND_OTHERS = 1.25;

  /** Of the three extremes recorded, so many may be outliers; the last is what they exceed. */
  private static final int MOST = 2;

  /** Among fewer images each is an exception. */
  static final int FEWEST_IMAGES = 10;

  private final RecordedRun run;
  private final Weighing weighing;
  private final Map<Integer, String> names = new HashMap<>();

  ImageFindings(RecordedRun run, Weighing weighing) {
    this.run = run;
    this.weighing = weighing;
    for (RecordedRun.Prediction p : run.predictions()) {
      names.put(p.index(), p.image());
    }
  }

  List<Finding> of(RecordedLayer layer) {
    List<Finding> found = new ArrayList<>();
    if (run.network().images() >= FEWEST_IMAGES) {
      side(layer, layer.fp32().highest(), 1).ifPresent(found::add);
      side(layer, layer.fp32().lowest(), -1).ifPresent(found::add);
    }
    return found;
  }

  /**
   * One end of the range.
   *
   * @param sign 1 for the upper end, -1 for the lower
   */
  private Optional<Finding> side(RecordedLayer layer, List<RecordedLayer.Extreme> ends, int sign) {
    if (ends.size() <= MOST) {
      return Optional.empty();
    }
    double others = sign * ends.get(MOST).value();
    double quantile = Math.max(0, sign * quantile(layer, sign));
    List<RecordedLayer.Extreme> outliers =
        ends.subList(0, MOST).stream()
            .filter(e -> sign * e.value() > BEYOND_OTHERS * Math.max(0, others))
            .filter(e -> sign * e.value() > BEYOND_QUANTILE * quantile)
            .toList();
    if (outliers.isEmpty() || !(quantile > 0)) {
      return Optional.empty();
    }
    double reached = sign * outliers.getFirst().value();
    boolean covered = layer.output().map(p -> covers(p, sign, reached)).orElse(false);
    double low = Math.min(0, layer.fp32().statistics().min());
    double high = Math.max(0, layer.fp32().statistics().max());
    double without = sign > 0 ? Math.max(0, others) - low : high + Math.max(0, others);
    // If the scale does not span the value, the value is cut off and the others lose nothing.
    double cost = covered ? 20 * Math.log10((high - low) / without) : 0;
    Map<String, Double> evidence = new LinkedHashMap<>();
    evidence.put(Findings.UPPER_END, sign > 0 ? 1.0 : 0.0);
    evidence.put("reached", sign * reached);
    evidence.put("nextImage", sign * others);
    evidence.put("quantile", sign * quantile);
    evidence.put("coveredByScale", covered ? 1.0 : 0.0);
    evidence.put("sqnrDb", layer.error().sqnrDb());
    evidence.put(Findings.COST, cost);
    return Optional.of(
        new Finding(
            Finding.Kind.OUTLIER_IMAGES,
            weighing.of(layer, cost),
            layer.name(),
            List.of(),
            outliers.stream().map(RecordedLayer.Extreme::image).toList(),
            statement(outliers, sign, others, quantile, covered),
            "Look at the image: if it does not belong to the data, leave it out of the calibration;"
                + " otherwise a clipped range (--range mse or percentile:99.99).",
            evidence));
  }

  private String statement(
      List<RecordedLayer.Extreme> outliers,
      int sign,
      double others,
      double quantile,
      boolean covered) {
    StringBuilder s = new StringBuilder(outliers.size() == 1 ? "Image " : "Images ");
    for (int i = 0; i < outliers.size(); i++) {
      RecordedLayer.Extreme e = outliers.get(i);
      s.append(i == 0 ? "" : " and ");
      s.append(names.getOrDefault(e.image(), "number " + e.image()));
      s.append(" (").append(Phrases.number(e.value())).append(')');
    }
    s.append(outliers.size() == 1 ? " alone reaches" : " alone reach");
    s.append(" that far; the next image reaches ").append(Phrases.number(sign * others));
    s.append(", and all but one value in ten thousand stay within ");
    s.append(Phrases.number(sign * quantile)).append(". This is about the images of the run; ");
    s.append(
        covered
            ? "the calibrated range is as wide, so that an image like these was among those of the"
                + " calibration."
            : "the calibrated range is narrower and cuts such values off.");
    return s.toString();
  }

  private static boolean covers(QuantParams p, int sign, double reached) {
    double end =
        (sign > 0 ? p.qmax() - p.zeroPoint() : p.zeroPoint() - p.qmin()) * (double) p.scale();
    return reached <= end + p.scale();
  }

  private static double quantile(RecordedLayer layer, int sign) {
    long[] counts = new long[BitHistogram.BINS];
    RecordedLayer.Histogram h = layer.histogram();
    for (int i = 0; i < h.bins().length; i++) {
      counts[h.bins()[i]] = h.counts()[i];
    }
    return new BitHistogram(counts).quantile(sign > 0 ? QUANTILE : 1 - QUANTILE);
  }
}
