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
 * @param outputs the network's outputs, in its order
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
    List<Output> outputs,
    List<RunLayer> layers,
    List<Prediction> predictions,
    Map<String, Object> manifest) {

  /**
   * Figures of the whole network.
   *
   * @param skippedImages images that could not be read
   * @param accuracy empty where labels are not known, or there are no classes
   * @param classes empty where the network is no classifier
   */
  public record Network(
      long images, long skippedImages, Optional<Accuracy> accuracy, Optional<Classes> classes) {}

  /** How often a classifier is right. */
  public record Accuracy(
      double top1Fp32,
      double top1Quantized,
      double top5Fp32,
      double top5Quantized,
      double relativeAccuracyDrop) {}

  /** How the classes of the two networks differ, whatever the labels. */
  public record Classes(double agreementTop1, double qmse, double qce, double logitSqnrDb) {}

  /**
   * One output of the network, as far as figures need not know what it means.
   *
   * @param layer whose output it is
   * @param meanAbs mean of |e|
   * @param maxAbs largest |e|
   * @param min smallest fp32 value
   * @param max largest
   */
  public record Output(
      String layer,
      double sqnrDb,
      double cosine,
      double meanAbs,
      double maxAbs,
      double min,
      double max) {

    /** The same figures of another layer. */
    Output of(String other) {
      return new Output(other, sqnrDb, cosine, meanAbs, maxAbs, min, max);
    }
  }

  public Run {
    outputs = List.copyOf(outputs);
    layers = List.copyOf(layers);
    predictions = List.copyOf(predictions);
    manifest = ManifestValues.normal(manifest);
  }

  /** True if the network's one output is a vector of classes. */
  public boolean isClassifier() {
    return network.classes().isPresent();
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
        outputs,
        others,
        predictions,
        manifest);
  }

  /** The same run with other predictions. */
  public Run withPredictions(List<Prediction> others) {
    return new Run(
        name,
        model,
        family,
        scheme,
        feed,
        calibrationImages,
        network,
        outputs,
        layers,
        others,
        manifest);
  }

  /** The same run without channels, histograms, codes and predictions, which take most memory. */
  public Run withoutDetails() {
    return withLayers(layers.stream().map(l -> l.with(RunLayer.Details.NONE)).toList())
        .withPredictions(List.of());
  }
}
