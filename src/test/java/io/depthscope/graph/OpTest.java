package io.depthscope.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.tensor.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What operations refuse, and that they are compared by what they hold. */
class OpTest {
  private static final Shape IN = new Shape(2, 1, 3);
  private static final Shape OUT = new Shape(1, 2, 2);

  private static Op.Rearrange rearrange(int... source) {
    return new Op.Rearrange(IN, OUT, source, new float[] {0.5f}, "slice");
  }

  private static void refused(String reason, Executable made) {
    String message = assertThrows(IllegalArgumentException.class, made).getMessage();
    assertTrue(message.contains(reason), message);
  }

  @Test
  void aRearrangementReadsPlacesOfItsInput() {
    assertEquals(OUT, rearrange(5, -1, 0, 3).outputShape(List.of(IN)));
    refused("no value 6 in 2x1x3", () -> rearrange(6, 0, 0, 0));
    refused("3 sources for 1x2x2", () -> rearrange(1, 2, 3));
    refused(
        "on an input of 1x2x3",
        () -> rearrange(0, 0, 0, 0).outputShape(List.of(new Shape(1, 2, 3))));
    refused(
        "constants for 3 channels on 2",
        () -> new Op.Rearrange(IN, OUT, new int[4], new float[3], "slice"));
    refused("'a b' is no word", () -> new Op.Rearrange(IN, OUT, new int[4], new float[1], "a b"));
  }

  @Test
  void placesCountTheGapsBetweenPositions() {
    assertArrayEquals(new int[] {10, -1, 0, 8}, rearrange(5, -7, 0, 3).places(8));
  }

  @Test
  void aRearrangementIsWhatItHolds() {
    Op a = rearrange(5, -1, 0, 3);
    assertEquals(a, rearrange(5, -1, 0, 3));
    assertEquals(a.hashCode(), rearrange(5, -1, 0, 3).hashCode());
    assertNotEquals(a, rearrange(5, -1, 0, 2));
    int[] same = {5, -1, 0, 3};
    assertNotEquals(a, new Op.Rearrange(IN, OUT, same, new float[1], "slice"));
    assertNotEquals(a, new Op.Rearrange(IN, OUT, same, new float[] {0.5f}, "pad"));
    assertEquals(new Op.LeakyRelu(new float[] {1, 2}), new Op.LeakyRelu(new float[] {1, 2}));
    assertNotEquals(new Op.LeakyRelu(new float[] {1, 2}), new Op.LeakyRelu(new float[] {1, 3}));
  }

  @Test
  void neighboursAmongTheChannels() {
    Op.LocalResponse odd = new Op.LocalResponse(5, 1, 0.75f, 1);
    assertEquals(List.of(0, 3), List.of(odd.first(0), odd.end(0, 9)));
    assertEquals(List.of(4, 9), List.of(odd.first(6), odd.end(6, 9)));
    Op.LocalResponse even = new Op.LocalResponse(4, 1, 0.75f, 1);
    assertEquals(List.of(5, 9), List.of(even.first(6), even.end(6, 9)));
    assertEquals(List.of(5, 8), List.of(even.first(6), even.end(6, 8)));
    assertEquals(3, new Op.LocalResponse(Integer.MAX_VALUE, 1, 1, 1).end(1, 3));
    assertEquals(4 / 3f, new Op.LocalResponse(2, 2, 0.5f, 1).of(4, 8));
    refused("bias 0.0", () -> new Op.LocalResponse(5, 1, 1, 0));
    refused("size 0", () -> new Op.LocalResponse(0, 1, 1, 1));
  }

  @Test
  void aLayerNormIsOfThePositionsOwnChannels() {
    float[] in = {9, 1, 2, 3, 6, 9};
    double mean = LayerNorm.mean(in, 1, 4);
    assertEquals(3, mean);
    LayerNorm norm = new LayerNorm(0.5f, new float[] {2}, new float[] {1, 0, 0, -1});
    double deviation = norm.deviation(in, 1, 4, mean);
    assertEquals(2, deviation, 1e-12); // of 4 + 1 + 0 + 9 over 4, and a half
    assertEquals(2, norm.of(6, mean, deviation, 3));
    assertEquals(-1, norm.of(1, mean, deviation, 0));
    LayerNorm then =
        norm.then(BatchNorm.affine(new float[] {1, 2, 3, 4}, new float[] {0, 1, 2, 3}));
    assertEquals(new LayerNorm(0.5f, new float[] {2, 4, 6, 8}, new float[] {1, 1, 2, -1}), then);
    refused("shifts of 4 channels on 3", () -> norm.outputShape(List.of(IN)));
    refused("an epsilon of 0.0", () -> new LayerNorm(0, new float[1], new float[1]));
    refused("no scale", () -> new LayerNorm(1, new float[0], new float[1]));
    refused("a shift of Infinity", () -> new LayerNorm(1, new float[1], new float[] {1 / 0f}));
  }

  @Test
  void slopesFitTheChannels() {
    Op.LeakyRelu own = new Op.LeakyRelu(new float[] {0.5f, 2});
    assertEquals(-6, own.of(-3, 1));
    assertEquals(3, own.of(3, 1));
    refused("slopes of 2 channels on 3", () -> own.outputShape(List.of(IN)));
    refused("no slope", () -> new Op.LeakyRelu(new float[0]));
    refused("a slope of NaN", () -> new Op.LeakyRelu(new float[] {Float.NaN}));
  }
}
