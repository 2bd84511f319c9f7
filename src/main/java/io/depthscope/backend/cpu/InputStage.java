package io.depthscope.backend.cpu;

import io.depthscope.backend.InputBatch;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.plan.Step;
import io.depthscope.quant.QuantParams;
import io.depthscope.stats.ImageSums;
import java.util.Arrays;

/**
 * The network's input. A pixel has only 256 values a channel, so both streams are table look-ups
 * and the statistics come from a count of the pixel values: exact, and next to free.
 */
final class InputStage {
  private final Recording recording;
  private final Step step;
  private final OutputStage stage;
  private final int row;
  private final float[][] baselineTable;
  private final float[][] candidateTable;
  private final int[][] counts;
  private final boolean simulatedAlone;

  InputStage(Plan plan, CpuLayer layer) {
    this.recording = plan.recording();
    this.step = layer.step();
    this.stage = layer.stage();
    this.row = layer.outputRow();
    this.simulatedAlone = plan.isSimulatedAlone();
    float[][] table = plan.inputTable();
    this.candidateTable = new float[table.length][256];
    this.baselineTable = simulatedAlone ? candidateTable : table;
    this.counts = new int[table.length][256];
    for (int c = 0; c < table.length; c++) {
      for (int p = 0; p < 256; p++) {
        float x = table[c][p];
        candidateTable[c][p] =
            layer.step().output().map((QuantParams q) -> q.fakeQuantize(x)).orElse(x);
      }
    }
  }

  void run(
      InputBatch batch,
      int image,
      float[] outBaseline,
      float[] outCandidate,
      ImageSums sums,
      HistogramScratch histogram) {
    ScalarEpilogue scalar = new ScalarEpilogue(stage, recording, sums, histogram);
    clearPadding(outBaseline);
    clearPadding(outCandidate);
    if (batch.pixels() == null) {
      values(batch.values(), image * step.out().size(), outBaseline, outCandidate, scalar);
    } else {
      pixels(batch.pixels(), image * step.out().size(), outBaseline, outCandidate, scalar);
    }
  }

  private void values(
      float[] values, int at, float[] outBaseline, float[] outCandidate, ScalarEpilogue scalar) {
    int channels = stage.channels();
    for (int p = 0; p < step.out().positions(); p++) {
      for (int c = 0; c < channels; c++) {
        float x = values[at + p * channels + c];
        float xq = scalar.value(c, x, x, 1);
        outBaseline[p * row + c] = simulatedAlone ? xq : x;
        if (recording.paired()) {
          outCandidate[p * row + c] = xq;
        }
        if (recording.errorTerms()) {
          scalar.errorTerms(c, x, x, x, 1);
        }
      }
    }
    for (int c = 0; c < channels; c++) {
      scalar.moments(c, outBaseline, outCandidate, c, row, step.out().positions());
    }
  }

  private void pixels(
      byte[] pixels, int at, float[] outBaseline, float[] outCandidate, ScalarEpilogue scalar) {
    int channels = stage.channels();
    int positions = step.out().positions();
    for (int c = 0; c < channels; c++) {
      float[] baseline = baselineTable[c];
      float[] candidate = candidateTable[c];
      int[] count = counts[c];
      Arrays.fill(count, 0);
      for (int p = 0; p < positions; p++) {
        int code = pixels[at + p * channels + c] & 0xff;
        outBaseline[p * row + c] = baseline[code];
        count[code]++;
      }
      if (recording.paired()) {
        for (int p = 0; p < positions; p++) {
          outCandidate[p * row + c] = candidate[pixels[at + p * channels + c] & 0xff];
        }
      }
      for (int code = 0; code < count.length; code++) {
        if (count[code] > 0) {
          float xq = scalar.value(c, baseline[code], baseline[code], count[code]);
          scalar.moments(c, baseline[code], xq, count[code]);
          if (recording.errorTerms()) {
            scalar.errorTerms(c, baseline[code], baseline[code], baseline[code], count[code]);
          }
        }
      }
    }
  }

  /**
   * Zeroes the lanes beyond the channels. The buffer may have held another node's output for the
   * image before, and a NaN left there would send this image's blocks down the scalar path.
   */
  private void clearPadding(float[] out) {
    for (int c = stage.channels(); c < row; c++) {
      for (int p = 0; p < step.out().positions(); p++) {
        out[p * row + c] = 0;
      }
    }
  }
}
