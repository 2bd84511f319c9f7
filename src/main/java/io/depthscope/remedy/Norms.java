package io.depthscope.remedy;

import io.depthscope.graph.BatchNorm;
import io.depthscope.graph.LayerParameters;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The normal distributions that training left the layers' values with before their clamps, as the
 * batch norms say that were folded into them.
 *
 * @param layers by node name; layers without a batch norm have none
 */
public record Norms(Map<String, Normal> layers) {

  /** Mean and standard deviation of each channel. */
  @SuppressWarnings("ArrayRecordComponent") // never compared, never written
  public record Normal(double[] mean, double[] deviation) {
    Normal over(double[] divisors) {
      Normal all = new Normal(mean.clone(), deviation.clone());
      for (int c = 0; c < divisors.length; c++) {
        all.mean[c] /= divisors[c];
        all.deviation[c] /= divisors[c];
      }
      return all;
    }
  }

  public Norms {
    layers = Map.copyOf(layers);
  }

  /**
   * Of a network as it was trained. The values behind a batch norm have the mean beta; their
   * deviation is |gamma| sqrt(variance / (variance + epsilon)): less than |gamma| where epsilon
   * counts, as in channels that hardly move.
   */
  public static Norms of(Network network) {
    Map<String, Normal> layers = new HashMap<>();
    for (Node node : network.graph().nodes()) {
      LayerParameters stored = network.stored().get(node.name());
      if (stored != null && stored.batchNorm().isPresent()) {
        layers.put(node.name(), of(stored.batchNorm().get()));
      }
    }
    return new Norms(layers);
  }

  private static Normal of(BatchNorm norm) {
    int n = norm.gamma().length;
    Normal normal = new Normal(new double[n], new double[n]);
    for (int c = 0; c < n; c++) {
      normal.mean[c] = norm.beta()[c];
      normal.deviation[c] = Math.abs(norm.factor(c)) * Math.sqrt(norm.variance()[c]);
    }
    return normal;
  }

  Optional<Normal> of(String node) {
    return Optional.ofNullable(layers.get(node));
  }

  /** The same with other layers. */
  Norms with(Map<String, Normal> changed) {
    Map<String, Normal> all = new HashMap<>(layers);
    all.putAll(changed);
    return new Norms(all);
  }
}
