package io.depthscope.backend.cpu;

import io.depthscope.backend.InputBatch;
import io.depthscope.graph.Op;
import io.depthscope.graph.Window;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.stats.ImageSums;
import io.depthscope.stats.NetworkAccumulator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Runs one image through the network, both streams layer by layer. Each worker thread has its own,
 * with its own buffers; nothing is allocated per image.
 */
final class ImageExecutor {
  private final Plan plan;
  private final Recording recording;
  private final List<CpuLayer> layers;
  private final BufferPlan buffers;
  private final float[][] baseline;
  private final float[][] candidate;
  private final float[] tileBaseline;
  private final float[] tileCandidate;
  private final float[] tileMiddle;
  private final float[] gathered;
  private final InputStage input;
  private final Epilogue epilogue;
  private final List<HistogramScratch> histograms;
  private final List<Depthwise> depthwise;
  private final List<GroupedConvolution> grouped;
  private final List<Windows> windows;

  ImageExecutor(Plan plan, List<CpuLayer> layers) {
    this.plan = plan;
    this.recording = plan.recording();
    this.layers = layers;
    this.buffers = BufferPlan.of(plan, layers.stream().map(CpuLayer::size).toList());
    boolean paired = recording.paired();
    this.baseline = buffers.allocate();
    this.candidate = paired ? buffers.allocate() : baseline;
    int tile = layers.stream().mapToInt(CpuLayer::tileFloats).max().orElse(0);
    this.tileBaseline = new float[tile];
    this.tileCandidate = new float[paired ? tile : 0];
    this.tileMiddle = new float[recording.errorTerms() ? tile : 0];
    this.gathered = new float[layers.stream().mapToInt(CpuLayer::gatherFloats).max().orElse(0)];
    this.input = plan.given() == 0 ? new InputStage(plan, layers.getFirst()) : null;
    this.epilogue =
        new Epilogue(
            recording,
            plan.isSimulatedAlone(),
            layers.stream().mapToInt(l -> l.stage().padded()).max().orElse(Lanes.N));
    this.histograms = new ArrayList<>();
    this.depthwise = new ArrayList<>();
    this.grouped = new ArrayList<>();
    this.windows = new ArrayList<>();
    for (CpuLayer l : layers) {
      histograms.add(recording.histograms() ? new HistogramScratch(l.codeCount()) : null);
      depthwise.add(
          l.form() instanceof LayerForm.ByChannel d
              ? new Depthwise(d.window(), l.step().in(), l.step().out(), l.inputRow())
              : null);
      grouped.add(
          l.form() instanceof LayerForm.Grouped g
              ? new GroupedConvolution(g, l.step().in(), l.step().out(), l.inputRow())
              : null);
      windows.add(
          switch (l.form()) {
            case LayerForm.Dense d -> windows(l, d.window());
            case LayerForm.Pooled p -> windows(l, p.window());
            default -> null;
          });
    }
  }

  private static Windows windows(CpuLayer l, Window window) {
    return new Windows(window, l.step().in(), l.step().out(), l.inputRow());
  }

  /** Bytes of the activations, tiles and histograms that one executor holds. */
  static long memoryBytes(Plan plan, List<LayerSize> layers) {
    int streams = plan.recording().paired() ? 2 : 1;
    int tiles = streams + (plan.recording().errorTerms() ? 1 : 0);
    long tile = layers.stream().mapToInt(LayerSize::tileFloats).max().orElse(0);
    long gather = layers.stream().mapToInt(LayerSize::gatherFloats).max().orElse(0);
    long bytes = BufferPlan.of(plan, layers).bytes() * streams + 4 * (tiles * tile + gather);
    if (plan.recording().histograms()) {
      for (LayerSize l : layers) {
        bytes += HistogramScratch.memoryBytes(l.codeCount());
      }
    }
    return bytes;
  }

  /**
   * Runs image {@code image} of the batch.
   *
   * @param sums receives the image's sums, one entry a node
   * @param outBaseline receives the outputs from {@code image * outputSize} on
   */
  void run(
      InputBatch batch,
      int image,
      List<ImageSums> sums,
      float[] outBaseline,
      float[] outCandidate) {
    if (recording.statistics()) {
      sums.forEach(ImageSums::clear);
    }
    int first = plan.given();
    if (first == 0) {
      input.run(
          batch,
          image,
          buffer(baseline, 0),
          buffer(candidate, 0),
          sums.getFirst(),
          histograms.getFirst());
      first = 1;
    } else {
      takeGiven(batch.values(), image, baseline);
      if (recording.paired()) {
        takeGiven(batch.candidate(), image, candidate);
      }
    }
    for (int i = first; i < layers.size(); i++) {
      CpuLayer l = layers.get(i);
      int positions = l.step().out().positions();
      for (int p0 = 0; p0 < positions; p0 += l.tileRows()) {
        int p1 = Math.min(positions, p0 + l.tileRows());
        tile(l, p0, p1, sums);
        if (l.handsOver()) {
          tile(layers.get(i + 1), p0, p1, sums);
        }
      }
      i += l.handsOver() ? 1 : 0;
    }
    copyOutputs(baseline, outBaseline, image);
    if (recording.paired()) {
      copyOutputs(candidate, outCandidate, image);
    }
  }

  /** Puts one image's given outputs where the layers that computed them would have. */
  private void takeGiven(float[] values, int image, float[][] stream) {
    int at = image * plan.inputSize();
    for (CpuLayer l : layers.subList(0, plan.given())) {
      float[] to = buffer(stream, l.step().index());
      Arrays.fill(to, 0, l.outputFloats(), 0);
      int positions = l.step().out().positions();
      for (int p = 0; p < positions; p++) {
        int channels = l.step().out().channels();
        System.arraycopy(values, at, to, p * l.outputRow(), channels);
        at += channels;
      }
    }
  }

  /** Computes and finishes output positions {@code p0..p1-1} of a layer, both streams. */
  private void tile(CpuLayer l, int p0, int p1, List<ImageSums> sums) {
    int node = l.step().index();
    float[][] fed = plan.feed() == Feed.LOCAL ? baseline : candidate;
    accumulate(l, l.baseline(), baseline, p0, p1, tileBaseline);
    if (recording.paired()) {
      accumulate(l, l.candidate(), fed, p0, p1, tileCandidate);
    }
    epilogue.run(
        l.stage(),
        p1 - p0,
        tileBaseline,
        tileCandidate,
        buffer(baseline, node),
        buffer(candidate, node),
        l.handsOver() ? 0 : p0,
        l.outputRow(),
        sums.get(node),
        histograms.get(node));
    if (recording.errorTerms()) {
      accumulate(l, l.candidate(), baseline, p0, p1, tileMiddle);
      new ScalarEpilogue(l.stage(), recording, sums.get(node), histograms.get(node))
          .errorTerms(p1 - p0, tileBaseline, tileMiddle, tileCandidate);
    }
  }

  /** Fills a tile with the accumulators of output positions {@code p0..p1-1}. */
  private void accumulate(
      CpuLayer l, CpuLayer.Weights w, float[][] stream, int p0, int p1, float[] tile) {
    int node = l.step().index();
    List<Integer> inputs = l.step().node().inputs();
    float[] in = buffer(stream, inputs.getFirst());
    switch (l.form()) {
      case LayerForm.Dense ignored -> dense(l, w, in, p0, p1, tile);
      case LayerForm.ByChannel ignored -> {
        int width = l.step().out().width();
        depthwise.get(node).rows(in, w.byTap(), p0 / width, p1 / width, tile);
      }
      case LayerForm.Grouped ignored -> grouped.get(node).positions(in, w.byTap(), p0, p1, tile);
      case LayerForm.Pooled p when p.kind() == Op.Pool.Kind.MAX ->
          windows.get(node).maximum(in, p0, p1, tile);
      case LayerForm.Pooled ignored -> windows.get(node).average(in, p0, p1, tile);
      case LayerForm.Combined c ->
          ByValue.combine(c.function(), l, in, buffer(stream, inputs.get(1)), p0, p1, tile);
      case LayerForm.Mapped m -> ByValue.map(m.function(), l, in, p0, p1, tile);
      case LayerForm.Joined ignored ->
          ByValue.join(l, inputs.stream().map(i -> buffer(stream, i)).toList(), p0, p1, tile);
      case LayerForm.Moved ignored -> ByValue.move(l, w.places(), in, p0, p1, tile);
      case LayerForm.Resized r -> ByValue.resize(r, l, in, p0, p1, tile);
      case LayerForm.Sloped ignored -> ByValue.slope(l, w.slopes(), in, p0, p1, tile);
      case LayerForm.Responding r -> ByValue.respond(r.op(), l, in, p0, p1, tile);
      case LayerForm.Normalized n -> ByValue.normalize(n.op(), l, in, p0, p1, tile);
      case LayerForm.Image ignored -> throw new IllegalStateException("input " + node);
    }
  }

  private void dense(CpuLayer l, CpuLayer.Weights w, float[] in, int p0, int p1, float[] tile) {
    PackedKernel kernel = w.packed();
    float[] rows = in;
    int first = 0;
    int rowStep = l.inputRow();
    if (!l.form().isPointwise()) {
      windows.get(l.step().index()).gather(in, p0, p1, gathered);
      rows = gathered;
      rowStep = kernel.depth();
    } else if (!layers.get(l.step().node().inputs().getFirst()).handsOver()) {
      first = p0 * l.inputRow();
    }
    if (l.step().out().positions() == 1) {
      Gemm.multiplyRow(rows, first, kernel, tile);
    } else {
      Gemm.multiply(rows, first, rowStep, p1 - p0, kernel, tile);
    }
  }

  private float[] buffer(float[][] stream, int node) {
    return stream[buffers.slotOf(node)];
  }

  private void copyOutputs(float[][] stream, float[] out, int image) {
    int at = image * plan.outputSize();
    for (int output : plan.outputs()) {
      CpuLayer l = layers.get(output);
      int channels = l.step().out().channels();
      float[] from = buffer(stream, output);
      int positions = l.step().out().positions();
      for (int p = 0; p < positions; p++) {
        System.arraycopy(from, p * l.outputRow(), out, at, channels);
        at += channels;
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
