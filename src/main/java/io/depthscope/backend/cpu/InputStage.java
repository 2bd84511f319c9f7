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
  private final float[][] fp32Table;
  private final float[][] quantizedTable;
  private final int[][] counts;

  InputStage(Plan plan, CpuLayer layer) {
    this.recording = plan.recording();
    this.step = layer.step();
    this.stage = layer.stage();
    this.row = layer.outputRow();
    this.fp32Table = plan.inputTable();
    this.quantizedTable = new float[fp32Table.length][256];
    this.counts = new int[fp32Table.length][256];
    for (int c = 0; c < fp32Table.length; c++) {
      for (int p = 0; p < 256; p++) {
        float x = fp32Table[c][p];
        quantizedTable[c][p] =
            layer.step().output().map((QuantParams q) -> q.fakeQuantize(x)).orElse(x);
      }
    }
  }

  void run(
      InputBatch batch,
      int image,
      float[] outFp32,
      float[] outQuantized,
      ImageSums sums,
      HistogramScratch histogram) {
    ScalarEpilogue scalar = new ScalarEpilogue(stage, recording, sums, histogram);
    clearPadding(outFp32);
    clearPadding(outQuantized);
    if (batch.pixels() == null) {
      values(batch.values(), image * step.out().size(), outFp32, outQuantized, scalar);
    } else {
      pixels(batch.pixels(), image * step.out().size(), outFp32, outQuantized, scalar);
    }
  }

  private void values(
      float[] values, int at, float[] outFp32, float[] outQuantized, ScalarEpilogue scalar) {
    int channels = stage.channels();
    for (int p = 0; p < step.out().positions(); p++) {
      for (int c = 0; c < channels; c++) {
        float x = values[at + p * channels + c];
        outFp32[p * row + c] = x;
        float xq = scalar.value(c, x, x, 1);
        if (recording.quantizedStream()) {
          outQuantized[p * row + c] = xq;
        }
        if (recording.errorTerms()) {
          scalar.errorTerms(c, x, x, x, 1);
        }
      }
    }
    for (int c = 0; c < channels; c++) {
      scalar.moments(c, outFp32, outQuantized, c, row, step.out().positions());
    }
  }

  private void pixels(
      byte[] pixels, int at, float[] outFp32, float[] outQuantized, ScalarEpilogue scalar) {
    int channels = stage.channels();
    int positions = step.out().positions();
    for (int c = 0; c < channels; c++) {
      float[] fp32 = fp32Table[c];
      float[] quantized = quantizedTable[c];
      int[] count = counts[c];
      Arrays.fill(count, 0);
      for (int p = 0; p < positions; p++) {
        int code = pixels[at + p * channels + c] & 0xff;
        outFp32[p * row + c] = fp32[code];
        count[code]++;
      }
      if (recording.quantizedStream()) {
        for (int p = 0; p < positions; p++) {
          outQuantized[p * row + c] = quantized[pixels[at + p * channels + c] & 0xff];
        }
      }
      for (int code = 0; code < count.length; code++) {
        if (count[code] > 0) {
          float xq = scalar.value(c, fp32[code], fp32[code], count[code]);
          scalar.moments(c, fp32[code], xq, count[code]);
          if (recording.errorTerms()) {
            scalar.errorTerms(c, fp32[code], fp32[code], fp32[code], count[code]);
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
