package io.depthscope.graph.draft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.tensor.Shape;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ViewTest {
  private static final Shape SHAPE = new Shape(4, 3, 6);

  private static float[] counting(int n) {
    float[] out = new float[n];
    for (int i = 0; i < n; i++) {
      out[i] = i;
    }
    return out;
  }

  @Test
  void channelsFirstAndLast() {
    float[] nhwc = counting(SHAPE.size());
    assertArrayEquals(nhwc, View.nhwc(SHAPE).gather(nhwc, SHAPE).floats());
    NdArray nchw = View.nchw(SHAPE).gather(nhwc, SHAPE);
    assertArrayEquals(new int[] {1, 6, 4, 3}, nchw.dims());
    for (int c = 0; c < 6; c++) {
      for (int p = 0; p < 12; p++) {
        assertEquals(nhwc[p * 6 + c], nchw.floats()[c * 12 + p]);
      }
    }
    assertArrayEquals(nhwc, View.nchw(SHAPE).scatter(nchw.floats(), SHAPE));
  }

  /** Any chain of reshaping and transposing is what NdMath makes of the values one by one. */
  @Test
  void chainsAreWhatTheValuesWouldBe() {
    int[][] cuts = {{1, 6, 4, 3}, {1, 2, 3, 4, 3}, {6, 12}, {3, 2, 2, 2, 3}, {72}, {1, 24, 3, 1}};
    int made = 0;
    for (int seed = 0; seed < 400; seed++) {
      Random random = new Random(seed);
      View view = View.nchw(SHAPE);
      NdArray values = view.gather(counting(SHAPE.size()), SHAPE);
      for (int step = 0; step < 4; step++) {
        int[] order = IntStream.range(0, view.rank()).toArray();
        for (int i = order.length - 1; i > 0; i--) {
          int j = random.nextInt(i + 1);
          int swapped = order[i];
          order[i] = order[j];
          order[j] = swapped;
        }
        view = view.transposed(order);
        values = NdMath.transpose(values, order);
        int[] cut = cuts[random.nextInt(cuts.length)];
        if (view.reshaped(cut).isPresent()) {
          view = view.reshaped(cut).get();
          values = values.reshaped(cut);
          made++;
        }
        assertArrayEquals(values.dims(), view.extents(), "seed " + seed);
        assertArrayEquals(
            values.floats(), view.gather(counting(SHAPE.size()), SHAPE).floats(), "seed " + seed);
      }
    }
    assertTrue(made > 300, "only " + made + " were cut");
  }

  @Test
  void cutsInsideAnAxisAreNone() {
    assertTrue(View.nchw(SHAPE).reshaped(1, 8, 9).isEmpty());
    assertTrue(View.nchw(SHAPE).reshaped(1, 6, 4).isEmpty());
    assertTrue(View.nchw(SHAPE).reshaped(1, 6, 4, 3, 2).isEmpty());
  }
}
