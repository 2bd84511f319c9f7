package io.depthscope.record;

import io.depthscope.plan.Feed;
import io.depthscope.quant.QuantScheme;
import io.depthscope.stats.Prediction;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * A finished run: made by an analysis, written, read back equal, diagnosed and drawn. Fields are
 * those of docs/results-schema.md; shares are fractions from 0 to 1.
 *
 * @param name of its folder
 * @param family of networks, such as {@code mobilenet-v1}
 * @param calibrationImages images the ranges were taken from
 * @param layers in topological order; the first is the input
 * @param predictions one an image, in the order of the data set
 * @param manifest where the numbers come from; values are text, numbers, booleans, lists and maps,
 *     as a file gives them back: whole numbers as Long, others as Double
 */
public record Run(
    String name,
    String model,
    String family,
    QuantScheme scheme,
    Feed feed,
    long calibrationImages,
    Network network,
    List<RunLayer> layers,
    List<Prediction> predictions,
    Map<String, Object> manifest) {

  /**
   * Figures of the whole network.
   *
   * @param skippedImages images that could not be read
   */
  public record Network(
      long images,
      long skippedImages,
      double top1Fp32,
      double top1Quantized,
      double top5Fp32,
      double top5Quantized,
      double agreementTop1,
      double relativeAccuracyDrop,
      double qmse,
      double qce,
      double logitSqnrDb) {}

  public Run {
    layers = List.copyOf(layers);
    predictions = List.copyOf(predictions);
    manifest = ManifestValues.normal(manifest);
  }

  /** The layer of this name, if there is one. */
  public Optional<RunLayer> find(String layer) {
    return layers.stream().filter(l -> l.name().equals(layer)).findFirst();
  }

  /**
   * The layer of this name.
   *
   * @throws NoSuchElementException if there is none
   */
  public RunLayer layer(String name) {
    return find(name).orElseThrow(() -> new NoSuchElementException("no layer " + name));
  }

  /** The same run with other layers. */
  public Run withLayers(List<RunLayer> others) {
    return new Run(
        name,
        model,
        family,
        scheme,
        feed,
        calibrationImages,
        network,
        others,
        predictions,
        manifest);
  }

  /** The same run without channels, histograms, codes and predictions, which take most memory. */
  public Run withoutDetails() {
    return new Run(
        name,
        model,
        family,
        scheme,
        feed,
        calibrationImages,
        network,
        layers.stream().map(l -> l.with(RunLayer.Details.NONE)).toList(),
        List.of(),
        manifest);
  }
}
