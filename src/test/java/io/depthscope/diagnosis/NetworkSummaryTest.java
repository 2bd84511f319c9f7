package io.depthscope.diagnosis;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The figures that networks are compared by, of runs made by hand. */
class NetworkSummaryTest {
  private final RunFixture fixture = new RunFixture();

  private NetworkSummary summary() {
    return NetworkSummary.of(fixture.run());
  }

  @Test
  void flipsAndTurnsAreSharesOfTheImages() {
    fixture.rightQuantized = 81;
    fixture.wrongInAnotherWay = 4;
    assertEquals(0.13, summary().flips());
    assertEquals(0.09, summary().turned());
    fixture.wrongInAnotherWay = 0;
    // Nothing is right in float32, and nine images turn right.
    fixture.rightFp32 = 0;
    fixture.rightQuantized = 9;
    assertEquals(0.09, summary().turned());
  }

  @Test
  void fluctuationIsTheMeanStepInOctaves() {
    assertEquals(0, summary().weights().fluctuation());
    assertEquals(0, summary().activations().fluctuation());
    Arrays.fill(fixture.layer("conv3").high, 24);
    Arrays.fill(fixture.layer("conv2").weight, 0.5);
    assertEquals((2 + 2) / 5.0, summary().activations().fluctuation(), 1e-12);
    assertEquals((1 + 1) / 5.0, summary().weights().fluctuation(), 1e-12);
  }

  /** What yields values of its own counts like a sum, whatever its word; what hands on does not. */
  @ParameterizedTest
  @ValueSource(strings = {"residual-add", "multiply", "sigmoid"})
  void stepsLeadFromHiddenLayerToHiddenLayer(String word) {
    RunFixture.LayerFixture input = new RunFixture.LayerFixture("input");
    input.kind = "input";
    Arrays.fill(input.high, 100);
    fixture.layers.addFirst(input);
    Arrays.fill(fixture.layer("conv3").high, 12);
    RunFixture.LayerFixture pool = new RunFixture.LayerFixture("pool");
    pool.kind = "average-pool";
    Arrays.fill(pool.high, 50);
    fixture.layers.add(4, pool);
    Arrays.fill(fixture.layer("conv4").high, 24);
    RunFixture.LayerFixture sum = fixture.layer("conv6");
    sum.kind = word;
    sum.inputs = List.of("conv5", "conv4");
    Arrays.fill(sum.high, 24);
    // conv2 none, conv3 one, conv4 one past the pool, conv5 two, the sum none from the wider.
    assertEquals((0 + 1 + 1 + 2 + 0) / 5.0, summary().activations().fluctuation(), 1e-12);
    Arrays.fill(fixture.layer("conv4").weight, 4);
    assertEquals((0 + 0 + 2 + 2) / 4.0, summary().weights().fluctuation(), 1e-12);
  }

  /** Every network has one classifier, so its step would only tell how deep the network is. */
  @Test
  void theClassifierIsNoHiddenLayer() {
    Arrays.fill(fixture.layer("conv6").high, 96);
    assertEquals(4 / 5.0, summary().activations().fluctuation(), 1e-12);
    fixture.layer("conv6").kind = "fully-connected";
    assertEquals(0, summary().activations().fluctuation());
    Arrays.fill(fixture.layer("conv6").weight, 2);
    assertEquals(1 / 5.0, summary().weights().fluctuation(), 1e-12);
  }
}
