package io.depthscope.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import io.depthscope.graph.Window;
import io.depthscope.stats.StreamSums;
import io.depthscope.tensor.Shape;
import io.depthscope.verification.LayerCase;
import io.depthscope.verification.LayerFile;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The depthwise kernel against plain loops, with gaps between the positions of the input. */
class DepthwiseTest {
  private static final float GARBAGE = 1e30f;
  private static final int GAP = 16;

  /** The listed 3x3 kernels with and without padding on each side, and the general loop. */
  static List<LayerCase> layers() {
    return LayerFile.everyKind().stream()
        .filter(l -> l.op() instanceof Op.Convolution c && c.isDepthwise(l.in()))
        .filter(l -> l.runsOn(new CpuBackend(1)))
        .toList();
  }

  @Test
  void theListHasTheWindowsThatHaveCodeOfTheirOwn() {
    assertTrue(layers().size() >= 20, layers()::toString);
    for (int stride = 1; stride <= 2; stride++) {
      for (boolean left : new boolean[] {false, true}) {
        Padding padding = left ? new Padding(1, 0, 1, 0) : new Padding(0, 1, 0, 1);
        Window window = Window.square(3, stride, padding);
        assertTrue(layers().stream().anyMatch(l -> window(l).equals(window)), window::toString);
      }
    }
  }

  private static Window window(LayerCase layer) {
    return ((Op.Convolution) layer.op()).window();
  }

  @ParameterizedTest
  @MethodSource("layers")
  void rowsAreThoseOfPlainLoops(LayerCase layer) {
    Shape in = layer.in();
    int channels = in.channels();
    Window window = window(layer);
    Shape out = window.output(in, channels);
    int padded = StreamSums.padded(channels);
    int inputRow = padded + GAP;
    SplittableRandom random = new SplittableRandom(channels + 100L * in.width());
    float[] input = new float[in.positions() * inputRow];
    Arrays.fill(input, Float.NaN);
    for (int i = 0; i < input.length; i++) {
      int channel = i % inputRow;
      if (channel < padded) {
        input[i] = channel < channels ? (float) random.nextGaussian() : 0;
      }
    }
    float[] weights = new float[window.kernelH() * window.kernelW() * padded];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = i % padded < channels ? (float) random.nextGaussian() : 0;
    }
    Depthwise depthwise = new Depthwise(window, in, out, inputRow);
    int middle = out.height() / 2;
    check(depthwise, window, in, out, inputRow, input, weights, 0, middle);
    check(depthwise, window, in, out, inputRow, input, weights, middle, out.height());
  }

  /** Layers of few and of many channels take different loops, which add in the same order. */
  @ParameterizedTest
  @CsvSource({"1, 0, 0", "1, 1, 1", "1, 1, 0", "1, 0, 1", "2, 0, 0", "2, 1, 1", "2, 0, 1"})
  void howManyChannelsThereAreChangesNoBit(int stride, int left, int right) {
    int few = StreamSums.PAD;
    int many = 80;
    for (int width = 5; width <= 8; width++) {
      Window window = new Window(3, 3, stride, stride, 1, 1, new Padding(1, 1, left, right));
      Shape in = new Shape(6, width, few);
      Shape out = window.output(in, few);
      SplittableRandom random = new SplittableRandom(width);
      float[] input = gaussian(random, in.positions() * many);
      float[] weights = gaussian(random, 9 * many);
      float[] fewWeights = new float[9 * few];
      for (int i = 0; i < fewWeights.length; i++) {
        fewWeights[i] = weights[i / few * many + i % few];
      }
      float[] narrow = new float[out.positions() * few];
      float[] wide = new float[out.positions() * many];
      new Depthwise(window, in, out, many).rows(input, fewWeights, 0, out.height(), narrow);
      new Depthwise(
              window, new Shape(6, width, many), new Shape(out.height(), out.width(), many), many)
          .rows(input, weights, 0, out.height(), wide);
      assertArrayEquals(narrow, Arrays.copyOf(wide, narrow.length), "width " + width);
    }
  }

  private static float[] gaussian(SplittableRandom random, int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static void check(
      Depthwise depthwise,
      Window window,
      Shape in,
      Shape out,
      int inputRow,
      float[] input,
      float[] weights,
      int y0,
      int y1) {
    int padded = StreamSums.padded(in.channels());
    int positions = (y1 - y0) * out.width();
    float[] tile = new float[positions * padded + 64];
    Arrays.fill(tile, GARBAGE);
    depthwise.rows(input, weights, y0, y1, tile);
    for (int c = 0; c < in.channels(); c++) {
      for (int p = 0; p < positions; p++) {
        int top = (y0 + p / out.width()) * window.strideH() - window.padding().top();
        int left = p % out.width() * window.strideW() - window.padding().left();
        double want = 0;
        double magnitude = 0;
        for (int tap = 0; tap < window.kernelH() * window.kernelW(); tap++) {
          int y = top + tap / window.kernelW();
          int x = left + tap % window.kernelW();
          if (y >= 0 && y < in.height() && x >= 0 && x < in.width()) {
            double term =
                (double) input[(y * in.width() + x) * inputRow + c] * weights[tap * padded + c];
            want += term;
            magnitude += Math.abs(term);
          }
        }
        int lane = c % Lanes.N;
        float got = tile[(c - lane) * positions + p * Lanes.N + lane];
        assertTrue(
            Math.abs(got - want) <= 1e-5 * magnitude,
            "rows from " + y0 + ", channel " + c + ", position " + p + ": " + got + ", " + want);
      }
    }
    for (int i = positions * padded; i < tile.length; i++) {
      assertEquals(GARBAGE, tile[i], "written beyond the tile");
    }
  }
}
