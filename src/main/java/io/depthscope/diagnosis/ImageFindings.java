package io.depthscope.diagnosis;

import io.depthscope.quant.QuantParams;
import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;
import io.depthscope.stats.Extreme;
import io.depthscope.stats.Prediction;
import java.util.ArrayList;
import java.util.HashMap;
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

  private final Run run;
  private final Weighing weighing;
  private final Prescriptions prescriptions;
  private final Map<Integer, String> names = new HashMap<>();

  ImageFindings(Run run, Weighing weighing, Prescriptions prescriptions) {
    this.run = run;
    this.weighing = weighing;
    this.prescriptions = prescriptions;
    for (Prediction p : run.predictions()) {
      names.put(p.index(), p.image());
    }
  }

  List<Finding> of(RunLayer layer) {
    List<Finding> found = new ArrayList<>();
    if (run.network().images() >= FEWEST_IMAGES) {
      side(layer, layer.reach().highest(), 1).ifPresent(found::add);
      side(layer, layer.reach().lowest(), -1).ifPresent(found::add);
    }
    return found;
  }

  /**
   * One end of the range.
   *
   * @param sign 1 for the upper end, -1 for the lower
   */
  private Optional<Finding> side(RunLayer layer, List<Extreme> ends, int sign) {
    if (ends.size() <= MOST) {
      return Optional.empty();
    }
    double others = sign * ends.get(MOST).value();
    double quantile =
        Math.max(0, sign * layer.histogram().quantile(sign > 0 ? QUANTILE : 1 - QUANTILE));
    List<Extreme> outliers =
        ends.subList(0, MOST).stream()
            .filter(e -> sign * e.value() > BEYOND_OTHERS * Math.max(0, others))
            .filter(e -> sign * e.value() > BEYOND_QUANTILE * quantile)
            .toList();
    if (outliers.isEmpty() || !(quantile > 0)) {
      return Optional.empty();
    }
    double reached = sign * outliers.getFirst().value();
    boolean covered = layer.params().map(p -> covers(p, sign, reached)).orElse(false);
    double low = Math.min(0, layer.fp32().statistics().min());
    double high = Math.max(0, layer.fp32().statistics().max());
    double without = sign > 0 ? Math.max(0, others) - low : high + Math.max(0, others);
    // If the scale does not span the value, the value is cut off and the others lose nothing.
    double cost = covered ? 20 * Math.log10((high - low) / without) : 0;
    Evidence evidence =
        Evidence.NONE
            .fact(Finding.UPPER_END, sign > 0)
            .number("reached", sign * reached)
            .number("nextImage", sign * others)
            .number("quantile", sign * quantile)
            .fact("coveredByScale", covered);
    return Optional.of(
        weighing.finding(
            Finding.Kind.OUTLIER_IMAGES,
            layer,
            List.of(),
            outliers.stream().map(Extreme::image).toList(),
            statement(outliers, sign, others, quantile, covered),
            prescriptions.outlierImages(covered),
            evidence,
            cost,
            weighing.shares().of(layer).rounding() * Weighing.shareOf(cost)));
  }

  private String statement(
      List<Extreme> outliers, int sign, double others, double quantile, boolean covered) {
    StringBuilder s = new StringBuilder(outliers.size() == 1 ? "Image " : "Images ");
    for (int i = 0; i < outliers.size(); i++) {
      Extreme e = outliers.get(i);
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
    double end = sign > 0 ? p.representable().max() : -p.representable().min();
    return reached <= end + p.scale();
  }
}
