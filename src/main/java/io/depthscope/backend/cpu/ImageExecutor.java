package io.depthscope.backend.cpu;

import io.depthscope.backend.InputBatch;
import io.depthscope.model.Layer;
import io.depthscope.plan.ExecutionPlan;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Recording;
import io.depthscope.stats.ImageSums;
import io.depthscope.stats.NetworkAccumulator;
import java.util.ArrayList;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/**
 * Runs one image through the network, both streams layer by layer. Each worker thread has its own,
 * with its own buffers; nothing is allocated per image.
 */
final class ImageExecutor {
  private final ExecutionPlan plan;
  private final Recording recording;
  private final List<CompiledLayer> layers;
  private final BufferPlan buffers;
  private final float[][] fp32;
  private final float[][] quantized;
  private final float[] tileFp32;
  private final float[] tileQuantized;
  private final float[] tileMiddle;
  private final float[] gathered;
  private final InputStage input;
  private final Epilogue epilogue;
  private final List<HistogramScratch> histograms;
  private final List<Depthwise> depthwise;
  private final List<Windows> windows;

  ImageExecutor(ExecutionPlan plan, List<CompiledLayer> layers) {
    this.plan = plan;
    this.recording = plan.recording();
    this.layers = layers;
    this.buffers = BufferPlan.of(layers);
    boolean paired = recording.quantizedStream();
    this.fp32 = buffers.allocate();
    this.quantized = paired ? buffers.allocate() : fp32;
    int tile = layers.stream().mapToInt(CompiledLayer::tileFloats).max().orElse(0);
    this.tileFp32 = new float[tile];
    this.tileQuantized = new float[paired ? tile : 0];
    this.tileMiddle = new float[recording.errorTerms() ? tile : 0];
    this.gathered =
        new float[layers.stream().mapToInt(CompiledLayer::gatherFloats).max().orElse(0)];
    this.input = new InputStage(plan, layers.getFirst());
    this.epilogue =
        new Epilogue(
            recording, layers.stream().mapToInt(l -> l.stage().padded()).max().orElse(Lanes.N));
    this.histograms = new ArrayList<>();
    this.depthwise = new ArrayList<>();
    this.windows = new ArrayList<>();
    for (CompiledLayer l : layers) {
      histograms.add(recording.histograms() ? new HistogramScratch(l.codeCount()) : null);
      Layer layer = l.plan().node().layer();
      depthwise.add(
          layer instanceof Layer.DepthwiseConvolution d
              ? new Depthwise(d.geometry(), l.plan().in(), l.plan().out(), l.stage().padded())
              : null);
      boolean windowed =
          !(layer instanceof Layer.DepthwiseConvolution
              || layer instanceof Layer.Input
              || layer instanceof Layer.ResidualAdd);
      windows.add(
          windowed ? new Windows(l.window(), l.plan().in(), l.plan().out(), l.plainInput()) : null);
    }
  }

  /** Bytes one executor holds. */
  static long memoryBytes(ExecutionPlan plan, List<CompiledLayer> layers) {
    int streams = plan.recording().quantizedStream() ? 2 : 1;
    long tile = layers.stream().mapToInt(CompiledLayer::tileFloats).max().orElse(0);
    long gather = layers.stream().mapToInt(CompiledLayer::gatherFloats).max().orElse(0);
    long bytes = BufferPlan.of(layers).bytes() * streams + 4 * (3 * tile + gather);
    if (plan.recording().histograms()) {
      for (CompiledLayer l : layers) {
        bytes += HistogramScratch.memoryBytes(l.codeCount());
      }
    }
    return bytes;
  }

  /**
   * Runs image {@code image} of the batch.
   *
   * @param sums receives the image's sums, one entry a node
   * @param outFp32 receives the last node's output from {@code image * outputSize} on
   */
  void run(
      InputBatch batch, int image, List<ImageSums> sums, float[] outFp32, float[] outQuantized) {
    if (recording.statistics()) {
      sums.forEach(ImageSums::clear);
    }
    input.run(
        batch,
        image,
        buffer(fp32, 0),
        buffer(quantized, 0),
        sums.getFirst(),
        histograms.getFirst());
    for (int i = 1; i < layers.size(); i++) {
      CompiledLayer l = layers.get(i);
      int positions = l.plan().out().positions();
      for (int p0 = 0; p0 < positions; p0 += l.tileRows()) {
        int p1 = Math.min(positions, p0 + l.tileRows());
        tile(l, p0, p1, sums);
        if (l.handsOver()) {
          tile(layers.get(i + 1), p0, p1, sums);
        }
      }
      i += l.handsOver() ? 1 : 0;
    }
    copyOutput(fp32, outFp32, image);
    if (recording.quantizedStream()) {
      copyOutput(quantized, outQuantized, image);
    }
  }

  /** Computes and finishes output positions {@code p0..p1-1} of a layer, both streams. */
  private void tile(CompiledLayer l, int p0, int p1, List<ImageSums> sums) {
    int node = l.plan().index();
    float[][] fed = plan.feed() == Feed.LOCAL ? fp32 : quantized;
    accumulate(l, l.fp32(), fp32, p0, p1, tileFp32);
    if (recording.quantizedStream()) {
      accumulate(l, l.quantized(), fed, p0, p1, tileQuantized);
    }
    epilogue.run(
        l.stage(),
        p1 - p0,
        tileFp32,
        tileQuantized,
        buffer(fp32, node),
        buffer(quantized, node),
        l.handsOver() ? 0 : p0,
        l.handsOver() ? p1 - p0 : l.plan().out().positions(),
        sums.get(node),
        histograms.get(node));
    if (recording.errorTerms()) {
      accumulate(l, l.quantized(), fp32, p0, p1, tileMiddle);
      new ScalarEpilogue(l.stage(), recording, sums.get(node), histograms.get(node))
          .errorTerms(p1 - p0, tileFp32, tileMiddle, tileQuantized);
    }
  }

  /** Fills a tile with the accumulators of output positions {@code p0..p1-1}. */
  private void accumulate(
      CompiledLayer l, CompiledLayer.Weights w, float[][] stream, int p0, int p1, float[] tile) {
    int node = l.plan().index();
    float[] in = buffer(stream, l.plan().node().inputs().getFirst());
    switch (l.plan().node().layer()) {
      case Layer.Convolution ignored -> dense(l, w, in, p0, p1, tile);
      case Layer.FullyConnected ignored -> dense(l, w, in, p0, p1, tile);
      case Layer.DepthwiseConvolution ignored -> {
        int width = l.plan().out().width();
        depthwise.get(node).rows(in, w.depthwise(), p0 / width, p1 / width, tile);
      }
      case Layer.ResidualAdd ignored ->
          sum(in, buffer(stream, l.plan().node().inputs().get(1)), l, p0, p1, tile);
      case Layer.GlobalAveragePool ignored -> windows.get(node).average(in, p0, p1, tile);
      case Layer.AveragePool ignored -> windows.get(node).average(in, p0, p1, tile);
      case Layer.MaxPool ignored -> windows.get(node).maximum(in, p0, p1, tile);
      case Layer.Input ignored -> throw new IllegalStateException("input " + node);
    }
  }

  private void dense(
      CompiledLayer l, CompiledLayer.Weights w, float[] in, int p0, int p1, float[] tile) {
    PackedKernel kernel = w.packed();
    if (l.readsInputDirectly()) {
      boolean handed = layers.get(l.plan().node().inputs().getFirst()).handsOver();
      int first = handed ? 0 : p0 * Lanes.N;
      int blockStep = (handed ? p1 - p0 : l.plan().in().positions()) * Lanes.N;
      Gemm.multiply(in, first, Lanes.N, blockStep, p1 - p0, kernel, tile);
    } else {
      windows.get(l.plan().index()).gather(in, p0, p1, gathered);
      int rowStep = Windows.rowFloats(kernel.depth());
      Gemm.multiply(gathered, 0, rowStep, Lanes.N, p1 - p0, kernel, tile);
    }
  }

  private static void sum(float[] a, float[] b, CompiledLayer l, int p0, int p1, float[] tile) {
    int positions = l.plan().out().positions();
    for (int c = 0, at = 0; c < l.stage().padded(); c += Lanes.N) {
      for (int p = p0; p < p1; p++, at += Lanes.N) {
        int from = c * positions + p * Lanes.N;
        FloatVector.fromArray(Lanes.F, a, from)
            .add(FloatVector.fromArray(Lanes.F, b, from))
            .intoArray(tile, at);
      }
    }
  }

  private float[] buffer(float[][] stream, int node) {
    return stream[buffers.slotOf(node)];
  }

  private void copyOutput(float[][] stream, float[] out, int image) {
    CompiledLayer last = layers.getLast();
    int channels = last.plan().out().channels();
    float[] from = buffer(stream, layers.size() - 1);
    int positions = last.plan().out().positions();
    int at = image * plan.outputSize();
    for (int p = 0; p < positions; p++) {
      for (int c = 0; c < channels; c++) {
        int block = c / Lanes.N * Lanes.N;
        out[at++] =
            last.plainOutput()
                ? from[p * channels + c]
                : from[block * positions + p * Lanes.N + c - block];
      }
    }
  }

  /** Adds this worker's histogram counts to the running statistics and clears them. */
  void flushHistograms(NetworkAccumulator accumulator) {
    if (recording.histograms()) {
      for (int i = 0; i < layers.size(); i++) {
        histograms.get(i).flush(accumulator.layer(i));
      }
    }
  }
}
