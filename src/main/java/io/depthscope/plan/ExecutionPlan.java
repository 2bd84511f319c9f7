package io.depthscope.plan;

import io.depthscope.model.FoldedWeights;
import io.depthscope.model.Layer;
import io.depthscope.model.Model;
import io.depthscope.model.Node;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.QuantizedKernel;
import io.depthscope.quant.Range;
import io.depthscope.stats.ImageSums;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.NetworkAccumulator;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything a backend needs to run a network: for each layer its folded and its quantized weights,
 * how its output is quantized, and what to record. A plan is complete and immutable; two backends
 * that compile the same plan owe the same numbers.
 */
public final class ExecutionPlan {
  private final Model model;
  private final List<LayerPlan> layers;
  private final Feed feed;
  private final Recording recording;
  private final float[][] inputTable;

  private ExecutionPlan(
      Model model, List<LayerPlan> layers, Feed feed, Recording recording, float[][] inputTable) {
    this.model = model;
    this.layers = List.copyOf(layers);
    this.feed = feed;
    this.recording = recording;
    this.inputTable = inputTable;
    if (inputTable.length != model.inputShape().channels()) {
      throw new IllegalArgumentException(
          "normalization for "
              + inputTable.length
              + " channels, the network reads "
              + model.inputShape().channels());
    }
  }

  /**
   * A plan of the fp32 stream alone.
   *
   * @param weights folded weights by node name
   * @param inputTable value of each of the 256 pixel codes, per channel
   */
  public static ExecutionPlan fp32(
      Model model, Map<String, FoldedWeights> weights, float[][] inputTable, Recording recording) {
    if (recording.quantizedStream()) {
      throw new IllegalArgumentException("a quantized stream needs a calibration");
    }
    List<LayerPlan> layers = new ArrayList<>();
    for (int i = 0; i < model.size(); i++) {
      Node node = model.node(i);
      boolean weighted = node.layer().hasWeights();
      float[] kernel = weighted ? weights.get(node.name()).kernel().data() : new float[0];
      float[] bias = weighted ? weights.get(node.name()).bias() : new float[0];
      layers.add(
          new LayerPlan(
              i,
              node,
              model.inputShapeOf(i),
              model.shape(i),
              kernel,
              kernel,
              List.of(),
              bias,
              Optional.empty()));
    }
    return new ExecutionPlan(model, layers, Feed.ACCUMULATED, recording, inputTable);
  }

  /**
   * A plan of both streams.
   *
   * @param fp32 the plan the calibration ran
   * @param calibration what it saw, by node name; needed for every node
   * @throws IllegalArgumentException if a calibrated tensor is missing or its range is not finite
   */
  public static ExecutionPlan paired(
      ExecutionPlan fp32,
      QuantScheme scheme,
      Map<String, CalibratedTensor> calibration,
      Feed feed,
      Recording recording) {
    List<LayerPlan> layers = new ArrayList<>();
    for (LayerPlan l : fp32.layers) {
      CalibratedTensor seen = calibration.get(l.node().name());
      if (seen == null) {
        throw new IllegalArgumentException("no calibration for layer " + l.node().name());
      }
      Optional<QuantParams> output =
          l.node().layer().quantizesOutput()
              ? scheme.activations().map(f -> outputParams(scheme, seen, f))
              : Optional.empty();
      layers.add(quantized(l, scheme, output));
    }
    return new ExecutionPlan(fp32.model, layers, feed, recording, fp32.inputTable);
  }

  /** A plan of both streams with given parameters for the outputs, by node name. */
  public static ExecutionPlan withParams(
      ExecutionPlan fp32,
      QuantScheme scheme,
      Map<String, QuantParams> outputs,
      Feed feed,
      Recording recording) {
    List<LayerPlan> layers = new ArrayList<>();
    for (LayerPlan l : fp32.layers) {
      layers.add(quantized(l, scheme, Optional.ofNullable(outputs.get(l.node().name()))));
    }
    return new ExecutionPlan(fp32.model, layers, feed, recording, fp32.inputTable);
  }

  private static QuantParams outputParams(
      QuantScheme scheme, CalibratedTensor seen, QuantFormat format) {
    Range range = scheme.activationRange().estimate(seen.observed(), seen.histogram(), format);
    return QuantParams.of(range, format);
  }

  private static LayerPlan quantized(
      LayerPlan l, QuantScheme scheme, Optional<QuantParams> output) {
    float[] kernel = l.kernel();
    List<QuantParams> params = List.of();
    if (l.node().layer().hasWeights() && scheme.weights().isPresent()) {
      QuantizedKernel q =
          QuantizedKernel.of(
              kernel,
              l.out().channels(),
              l.node().layer() instanceof Layer.DepthwiseConvolution,
              scheme.weights().get(),
              scheme.granularity(),
              scheme.weightRange());
      kernel = q.dequantized();
      params = q.params();
    }
    return new LayerPlan(
        l.index(), l.node(), l.in(), l.out(), l.kernel(), kernel, params, l.bias(), output);
  }

  public Model model() {
    return model;
  }

  public List<LayerPlan> layers() {
    return layers;
  }

  public LayerPlan layer(int node) {
    return layers.get(node);
  }

  public Feed feed() {
    return feed;
  }

  public Recording recording() {
    return recording;
  }

  /** Value of each of the 256 pixel codes, per input channel. */
  public float[][] inputTable() {
    return inputTable;
  }

  public Shape inputShape() {
    return model.inputShape();
  }

  /** Values of one image's output of the last node. */
  public int outputSize() {
    return model.outputShape().size();
  }

  /** Empty statistics of the shape this plan records. */
  public NetworkAccumulator newAccumulator() {
    List<LayerAccumulator> list = new ArrayList<>();
    for (LayerPlan l : layers) {
      int codes = l.output().map(QuantParams::codes).orElse(0);
      list.add(new LayerAccumulator(l.out().channels(), codes, recording.errorTerms()));
    }
    return new NetworkAccumulator(list, recording.quantizedStream());
  }

  /** Empty sums of one image, one entry a node. */
  public List<ImageSums> newImageSums() {
    List<ImageSums> list = new ArrayList<>();
    for (LayerPlan l : layers) {
      list.add(new ImageSums(l.out().channels(), l.out().positions(), recording.errorTerms()));
    }
    return List.copyOf(list);
  }
}
