package io.depthscope.backend.cpu;

import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantParams;
import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.ChannelMoments;
import io.depthscope.stats.ImageSums;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.TensorStatistics;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What follows the accumulators of one layer on one image, at three levels of recording. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 8, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class EpilogueBenchmark {

  /** File and layer; {@link RunBenchmarks} gives those of the shape files. */
  @Param("mobilenet_v1/conv_pw_2")
  public String layer;

  /** What is recorded. */
  @Param({"PLAIN", "PAIRED", "STATISTICS"})
  public Recording recording;

  private CpuLayer compiled;
  private Epilogue epilogue;
  private ImageSums sums;
  private HistogramScratch histogram;
  private float[] baseline;
  private float[] candidate;
  private float[] outBaseline;
  private float[] outCandidate;

  /** Prepares accumulators of one tile and compares what becomes of them with plain loops. */
  @Setup
  public void prepare() throws IOException {
    BenchLayer shape = BenchLayer.of(layer);
    compiled = shape.compile();
    epilogue = new Epilogue(recording, /* simulatedAlone= */ false, compiled.stage().padded());
    sums = new ImageSums(shape.out().channels(), shape.out().positions(), false);
    histogram = new HistogramScratch(compiled.codeCount());
    // Values around both ends of the activation function; the streams differ a little.
    baseline = BenchLayer.gaussian(compiled.tileFloats(), 3);
    candidate = baseline.clone();
    float[] noise = BenchLayer.gaussian(compiled.tileFloats() + 1, 0.05f);
    for (int i = 0; i < candidate.length; i++) {
      candidate[i] += noise[i];
    }
    outBaseline = new float[compiled.outputFloats()];
    outCandidate = new float[outBaseline.length];
    Arrays.fill(outBaseline, Float.NaN);
    Arrays.fill(outCandidate, Float.NaN);
    epilogue();
    check();
    histogram = new HistogramScratch(compiled.codeCount());
  }

  /** One image, tile by tile; every tile has the same accumulators. */
  @Benchmark
  public float[] epilogue() {
    sums.clear();
    int positions = compiled.step().out().positions();
    for (int p0 = 0; p0 < positions; p0 += compiled.tileRows()) {
      epilogue.run(
          compiled.stage(),
          Math.min(compiled.tileRows(), positions - p0),
          baseline,
          candidate,
          outBaseline,
          outCandidate,
          p0,
          compiled.outputRow(),
          sums,
          histogram);
    }
    return outBaseline;
  }

  private void check() {
    OutputStage stage = compiled.stage();
    QuantParams q = stage.quantizer().orElseThrow();
    boolean paired = recording.paired();
    BitHistogram bins = new BitHistogram(new long[BitHistogram.BINS]);
    long[] codes = new long[q.codes()];
    int positions = compiled.step().out().positions();
    int rows = compiled.tileRows();
    ChannelMoments moments = new ChannelMoments(stage.channels());
    moments.add(sums.baseline);
    for (int c = 0; c < stage.channels(); c++) {
      double squares = 0;
      float[] values = new float[positions];
      for (int p = 0; p < positions; p++) {
        int tilePositions = Math.min(rows, positions - p / rows * rows);
        int lane = c % Lanes.N;
        int at = (c - lane) * tilePositions + p % rows * Lanes.N + lane;
        float x = stage.clamp().apply(baseline[at] + stage.bias()[c], c);
        float y = stage.clamp().apply(candidate[at] + stage.bias()[c], c);
        float e = q.fakeQuantize(y) - x;
        int out = p * compiled.outputRow() + c;
        require(outBaseline[out] == x, "fp32 value", c, outBaseline[out], x);
        if (paired) {
          float xq = q.fakeQuantize(y);
          require(outCandidate[out] == xq, "quantized value", c, outCandidate[out], xq);
        }
        squares += (double) e * e;
        values[p] = x;
        bins.counts()[BitHistogram.bin(x)]++;
        codes[q.quantize(y) - q.qmin()]++;
      }
      if (recording.statistics()) {
        requireNear("error", c, sums.errorSquares[c], squares);
        double variance = TensorStatistics.of(values).variance();
        requireNear("variance", c, moments.channel(c).variance(), variance);
      }
    }
    if (recording.histograms()) {
      LayerAccumulator recorded = new LayerAccumulator(stage.channels(), q.codes(), false);
      histogram.flush(recorded);
      require(
          Arrays.equals(recorded.histogram().counts(), bins.counts())
              && Arrays.equals(recorded.codes(), codes),
          "histograms",
          0,
          0,
          0);
    }
  }

  private void requireNear(String what, int channel, double got, double want) {
    require(Math.abs(got - want) <= 3e-5 * want, what, channel, got, want);
  }

  private void require(boolean holds, String what, int channel, double got, double want) {
    if (!holds) {
      throw new IllegalStateException(
          layer + ": " + what + " of channel " + channel + ": " + got + ", not " + want);
    }
  }
}
