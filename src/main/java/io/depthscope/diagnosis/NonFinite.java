package io.depthscope.diagnosis;

import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;
import io.depthscope.stats.TensorStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Layers whose outputs hold NaN or infinities, which no figure of an error can tell. */
final class NonFinite {

  private NonFinite() {}

  /** One finding for the run, about the first such layer: the others inherit from it. */
  static Optional<Finding> of(Run run) {
    List<RunLayer> layers =
        run.layers().stream()
            .filter(l -> count(l.fp32().statistics()) + count(l.quantized().statistics()) > 0)
            .toList();
    if (layers.isEmpty()) {
      return Optional.empty();
    }
    RunLayer first = layers.getFirst();
    TensorStatistics fp32 = first.fp32().statistics();
    TensorStatistics quantized = first.quantized().statistics();
    Evidence evidence =
        Evidence.NONE
            .number("layers", layers.size())
            .number("fp32Nans", fp32.nans())
            .number("fp32Infinities", fp32.infinities())
            .number("quantizedNans", quantized.nans())
            .number("quantizedInfinities", quantized.infinities())
            .number("values", fp32.count());
    String statement =
        String.format(
            Locale.ROOT,
            "Of %d values, %s in float32 and %s when quantized.%s Figures of such layers mean nothing.",
            fp32.count(),
            counts(fp32),
            counts(quantized),
            layers.size() == 1
                ? ""
                : String.format(Locale.ROOT, " It is the first of %d such layers.", layers.size()));
    return Optional.of(
        new Finding(
            Finding.Kind.NON_FINITE,
            Finding.Severity.HIGH,
            first.name(),
            List.of(),
            List.of(),
            statement,
            Advice.of(
                count(fp32) > 0
                    ? "Look at the weights of this layer and at the images: the network overflows or"
                        + " has broken weights before anything is quantized."
                    : "Look at the weights of this layer and at the layers before it: float32 stays"
                        + " finite here, and only the quantized network overflows."),
            evidence,
            new Cost(0, Double.NaN),
            List.of()));
  }

  private static long count(TensorStatistics s) {
    return s.nans() + s.infinities();
  }

  private static String counts(TensorStatistics s) {
    return String.format(Locale.ROOT, "%d are NaN and %d infinite", s.nans(), s.infinities());
  }
}
