package io.depthscope.store;

import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * A finished run as its folder tells it: what {@link RunReader} reads, and what findings,
 * comparisons and reports are made from. Fields are those of docs/results-schema.md; shares are
 * fractions from 0 to 1.
 *
 * @param name of the folder
 * @param feed {@code accumulated} or {@code local}
 * @param layers in topological order; the first is the input
 * @param predictions one an image, in the order of the data set
 * @param manifest where the numbers come from; values are text, numbers, booleans, lists and maps
 */
public record RecordedRun(
    String name,
    String model,
    String family,
    Scheme scheme,
    String feed,
    long calibrationImages,
    Network network,
    List<RecordedLayer> layers,
    List<Prediction> predictions,
    Map<String, Object> manifest) {

  /**
   * How the run quantized.
   *
   * @param name such as {@code w8a8}
   * @param weights empty where they stay in float32
   * @param activations likewise
   * @param granularity of the weights: {@code per-tensor} or {@code per-channel}
   */
  public record Scheme(
      String name,
      Optional<Format> weights,
      Optional<Format> activations,
      String granularity,
      String activationRange,
      String weightRange) {}

  /** Codes of a tensor. */
  public record Format(int bits, boolean signed, boolean symmetric) {}

  /** Figures of the whole network. */
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

  /**
   * What one image became.
   *
   * @param index in the data set
   * @param image its name
   * @param label output index of its class
   * @param fp32 predicted class of the fp32 network; -1 if a logit is NaN
   * @param quantized predicted class of the quantized network, likewise
   * @param margin difference of the two largest fp32 logits
   * @param logitNoise root mean square of the logits' error
   */
  public record Prediction(
      int index,
      String image,
      int label,
      int fp32,
      int quantized,
      double margin,
      double logitNoise) {

    /** True if quantization changed the predicted class; no class (-1) is never the same. */
    public boolean flipped() {
      return fp32 != quantized || fp32 < 0;
    }

    /** True if quantization turned a right class wrong. */
    public boolean broken() {
      return fp32 == label && quantized != label;
    }

    /** True if quantization turned a wrong class right. */
    public boolean mended() {
      return fp32 != label && quantized == label;
    }
  }

  public RecordedRun {
    layers = List.copyOf(layers);
    predictions = List.copyOf(predictions);
  }

  /** Every layer by its name. */
  public Optional<RecordedLayer> find(String layer) {
    return layers.stream().filter(l -> l.name().equals(layer)).findFirst();
  }

  /**
   * The layer of this name.
   *
   * @throws NoSuchElementException if there is none
   */
  public RecordedLayer layer(String name) {
    return find(name).orElseThrow(() -> new NoSuchElementException("no layer " + name));
  }

  /** The same run without channels, histograms, codes and predictions, which take most memory. */
  public RecordedRun withoutDetails() {
    return new RecordedRun(
        name,
        model,
        family,
        scheme,
        feed,
        calibrationImages,
        network,
        layers.stream().map(RecordedLayer::withoutDetails).toList(),
        List.of(),
        manifest);
  }
}
