package io.depthscope.quant;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.depthscope.testkit.Noise;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class QuantizedTensorTest {

  @Test
  void eachChannelIsQuantizedByItsOwnParameters() {
    QuantParams coarse = new QuantParams(0.5f, 0, -2, 1);
    QuantParams fine = new QuantParams(0.25f, 3, 0, 7);
    float[] kernel = {0.25f, 0.75f, -9, 0.25f, 0.375f, 9};
    QuantizedTensor codes = QuantizedTensor.of(kernel, List.of(coarse, fine));
    assertArrayEquals(new int[] {0, 1, -2, 4, 5, 7}, codes.codes(), "halves go to even");
    assertArrayEquals(new float[] {0, 0.5f, -1, 0.25f, 0.5f, 1}, codes.dequantized());
    assertArrayEquals(
        new int[] {0, 1, -2, 0, 1, 1}, QuantizedTensor.of(kernel, List.of(coarse)).codes());
  }

  @ParameterizedTest
  @EnumSource
  void givenWhatASchemeChoseItGivesTheSameCodes(Granularity granularity) {
    float[] kernel = Noise.values("kernel", 60, 0.1, 1);
    for (int bits : new int[] {2, 4, 8, 16}) {
      QuantizedTensor chosen =
          QuantizedTensor.of(
              kernel,
              5,
              QuantFormat.asymmetric(bits),
              granularity,
              new RangeEstimator.Percentile(90));
      QuantizedTensor given = QuantizedTensor.of(kernel, chosen.params());
      assertEquals(granularity == Granularity.PER_CHANNEL ? 5 : 1, given.params().size());
      assertArrayEquals(chosen.codes(), given.codes(), bits + " bits");
    }
  }

  @Test
  void refusesParametersThatDoNotDivideTheKernel() {
    QuantParams p = new QuantParams(1, 0, 0, 255);
    for (List<QuantParams> wrong : List.of(List.<QuantParams>of(), List.of(p, p))) {
      assertThrows(IllegalArgumentException.class, () -> QuantizedTensor.of(new float[3], wrong));
    }
  }
}
