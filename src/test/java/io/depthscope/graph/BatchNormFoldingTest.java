package io.depthscope.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.depthscope.tensor.FloatTensor;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BatchNormFoldingTest {

  private static final Node DENSE =
      new Node("dense", Op.Convolution.pointwise(2), Clamp.RELU, List.of(0));
  private static final Node DEPTHWISE =
      new Node(
          "dw",
          Op.Convolution.depthwise(Window.square(2, 1, Padding.NONE), 2),
          Clamp.RELU,
          List.of(0));

  /** variance + epsilon = 4 and 0.25, so the factors are gamma / 2 and gamma / 0.5. */
  private static BatchNorm norm() {
    return new BatchNorm(
        new float[] {3, -1},
        new float[] {0.5f, 10},
        new float[] {1, -2},
        new float[] {3.75f, 0},
        0.25);
  }

  @Test
  void foldsDenseKernelAndStoredBias() {
    FoldedWeights folded =
        BatchNormFolding.fold(
            DENSE,
            new LayerParameters(
                FloatTensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 1, 1, 3),
                Optional.of(new float[] {7, 8}),
                Optional.of(norm())));
    // Channel 0: factor 1.5, bias (7 - 1) * 1.5 + 0.5. Channel 1: factor -2, (8 + 2) * -2 + 10.
    assertArrayEquals(new float[] {1.5f, 3, 4.5f, -8, -10, -12}, folded.kernel().data());
    assertArrayEquals(new float[] {9.5f, -10}, folded.bias());
    assertArrayEquals(new int[] {2, 1, 1, 3}, folded.kernel().dims());
  }

  @Test
  void foldsDepthwiseKernelByItsFirstAxis() {
    FoldedWeights folded =
        BatchNormFolding.fold(
            DEPTHWISE,
            new LayerParameters(
                FloatTensor.of(new float[] {1, 3, 5, 7, 2, 4, 6, 8}, 2, 2, 2, 1),
                Optional.empty(),
                Optional.of(norm())));
    assertArrayEquals(
        new float[] {1.5f, 4.5f, 7.5f, 10.5f, -4, -8, -12, -16}, folded.kernel().data());
    // Without a stored bias: -1 * 1.5 + 0.5 and 2 * -2 + 10.
    assertArrayEquals(new float[] {-1, 6}, folded.bias());
  }

  @Test
  void withoutBatchNormKeepsTheKernelAndFillsTheBias() {
    FloatTensor kernel = FloatTensor.of(new float[] {1, 2}, 2, 1, 1, 1);
    FoldedWeights folded =
        BatchNormFolding.fold(
            DENSE, new LayerParameters(kernel, Optional.empty(), Optional.empty()));
    assertSame(kernel, folded.kernel());
    assertArrayEquals(new float[] {0, 0}, folded.bias());
  }

  /** float32 arithmetic, or rounding in between, misses the correctly rounded value at once. */
  @Test
  void roundsOnce() {
    Random random = new Random(11);
    double epsilon = 1e-3;
    for (int n = 0; n < 2000; n++) {
      float w = (float) random.nextGaussian();
      float gamma = (float) random.nextGaussian();
      float variance = (float) Math.exp(4 * random.nextGaussian());
      FoldedWeights folded =
          BatchNormFolding.fold(
              DENSE,
              new LayerParameters(
                  FloatTensor.of(new float[] {w}, 1, 1, 1, 1),
                  Optional.empty(),
                  Optional.of(
                      new BatchNorm(
                          new float[] {gamma},
                          new float[1],
                          new float[1],
                          new float[] {variance},
                          epsilon))));
      MathContext precise = new MathContext(40);
      float expected =
          new BigDecimal(w)
              .multiply(new BigDecimal(gamma))
              .divide(new BigDecimal(variance).add(new BigDecimal(epsilon)).sqrt(precise), precise)
              .floatValue();
      assertEquals(expected, folded.kernel().data()[0], "case " + n + " of seed 11");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "kernel, 4, NaN, node dense: kernel[4] is NaN",
    "kernel, 0, -Infinity, node dense: kernel[0] is -Infinity",
    "bias, 1, NaN, node dense: bias[1] is NaN",
    "gamma, 1, Infinity, node dense: batch norm gamma[1] is Infinity",
    "beta, 0, NaN, node dense: batch norm beta[0] is NaN",
    "mean, 1, NaN, node dense: batch norm mean[1] is NaN",
    "variance, 1, NaN, node dense: batch norm variance[1] is NaN",
    "variance, 0, -0.5, node dense: batch norm variance[0] is negative: -0.5",
    "gamma, 0, 3e38, node dense: folded kernel[0] is Infinity",
    "mean, 1, -3e38, node dense: folded bias[1] is -Infinity",
  })
  void refusesBadParameters(String which, int index, float value, String message) {
    BatchNorm norm = norm();
    float[] kernel = {4, 2, 3, 4, 5, 6};
    float[] bias = {7, 8};
    float[] target =
        switch (which) {
          case "kernel" -> kernel;
          case "bias" -> bias;
          case "gamma" -> norm.gamma();
          case "beta" -> norm.beta();
          case "mean" -> norm.mean();
          default -> norm.variance();
        };
    target[index] = value;
    LayerParameters parameters =
        new LayerParameters(
            FloatTensor.of(kernel, 2, 1, 1, 3), Optional.of(bias), Optional.of(norm));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> BatchNormFolding.fold(DENSE, parameters));
    assertEquals(message, e.getMessage());
  }

  @Test
  void refusesVectorsOfAnotherLength() {
    LayerParameters parameters =
        new LayerParameters(
            FloatTensor.of(new float[3], 3, 1, 1, 1), Optional.empty(), Optional.of(norm()));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> BatchNormFolding.fold(DENSE, parameters));
    assertEquals("node dense: batch norm gamma has 2 values, expected 3", e.getMessage());
  }

  @Test
  void refusesAZeroDeviation() {
    BatchNorm flat = new BatchNorm(new float[1], new float[1], new float[1], new float[1], 0);
    LayerParameters parameters =
        new LayerParameters(
            FloatTensor.of(new float[1], 1, 1, 1, 1), Optional.empty(), Optional.of(flat));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> BatchNormFolding.fold(DENSE, parameters));
    assertEquals("node dense: batch norm variance[0] and epsilon are both 0", e.getMessage());
  }
}
