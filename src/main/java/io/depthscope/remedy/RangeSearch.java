package io.depthscope.remedy;

import io.depthscope.graph.Node;
import io.depthscope.plan.CalibratedTensor;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.RangeEstimator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Chooses each output's range among those of the usual estimators, all of the same histogram: the
 * one whose codes lose least, by the squared error over the histogram.
 */
public record RangeSearch() implements Choice {
  private static final List<RangeEstimator> CANDIDATES =
      List.of(
          new RangeEstimator.MinMax(),
          new RangeEstimator.Percentile(99.99),
          new RangeEstimator.Percentile(99.9),
          new RangeEstimator.MseOptimal(),
          new RangeEstimator.Entropy());

  @Override
  public String name() {
    return "ranges";
  }

  @Override
  public String words() {
    return "choice of ranges";
  }

  @Override
  public String summary() {
    return "each output's range by the estimator that loses least: min-max, percentile, mse, entropy";
  }

  @Override
  public Stage stage() {
    return Stage.RANGES;
  }

  @Override
  public Mended choose(Mending before) {
    if (before.scheme().activations().isEmpty()) {
      return Mended.nothing(before);
    }
    Map<String, QuantParams> outputs = new HashMap<>(before.spec().outputs());
    Map<String, RangeEstimator> chosen = new TreeMap<>();
    for (Node node : before.network().graph().nodes()) {
      QuantParams now = outputs.get(node.name());
      if (now == null) {
        continue;
      }
      QuantFormat format = before.schemeOf(node).activations().orElseThrow();
      CalibratedTensor seen = before.seen().tensors().get(node.name());
      double least = now.noise(seen.histogram());
      for (RangeEstimator e : CANDIDATES) {
        QuantParams p = seen.params(e, format);
        double noise = p.noise(seen.histogram());
        if (noise < least) {
          least = noise;
          outputs.put(node.name(), p);
          chosen.put(node.name(), e);
        }
      }
    }
    if (chosen.isEmpty()) {
      return Mended.nothing(before);
    }
    Map<String, Long> names =
        chosen.values().stream()
            .collect(
                Collectors.groupingBy(RangeEstimator::name, TreeMap::new, Collectors.counting()));
    String account =
        String.format(
            Locale.ROOT,
            "%d of %d outputs have other ranges: %s",
            chosen.size(),
            outputs.size(),
            names.entrySet().stream()
                .map(n -> n.getValue() + " " + n.getKey())
                .collect(Collectors.joining(", ")));
    return new Mended(
        before.with(new QuantSpec(outputs, before.spec().weights())), List.of(account));
  }
}
