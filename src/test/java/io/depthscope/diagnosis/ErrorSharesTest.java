package io.depthscope.diagnosis;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.depthscope.plan.Feed;
import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where the error at the output comes from, by hand. */
class ErrorSharesTest {
  private final RunFixture fixture = new RunFixture();

  private double share(Run run, String layer) {
    return ErrorShares.of(run).of(run.layer(layer)).all();
  }

  @Test
  void whatIsInheritedIsHandedOnFromLayerToLayer() {
    fixture.layer("conv1").sources(0, 1, 0, 0);
    fixture.layer("conv2").sources(0.6, 0.3, 0.05, 0.05);
    fixture.layer("conv3").sources(1, 0.5, 0, 0.5); // with a cross energy: only the four count
    for (String passes : List.of("conv4", "conv5", "conv6")) {
      fixture.layer(passes).sources(1, 0, 0, 0);
    }
    Run run = fixture.run();
    assertEquals(0.5, share(run, "conv3"), 1e-12);
    assertEquals(0.2, share(run, "conv2"), 1e-12);
    assertEquals(0.3, share(run, "conv1"), 1e-12);
    assertEquals(0, share(run, "conv6"), 0);
    ErrorShares.Own own = ErrorShares.of(run).of(run.layer("conv2"));
    assertEquals(0.15, own.weights(), 1e-12);
    assertEquals(0.025, own.clipping(), 1e-12);
    assertEquals(0.025, own.rounding(), 1e-12);
    assertEquals(
        List.of("conv3", "conv1", "conv2"),
        ErrorShares.of(run).marked().stream().map(RunLayer::name).toList());
  }

  /** conv2 and conv3 read conv1; conv4 adds them. */
  private void branch(String joined) {
    fixture.layer("conv1").sources(0, 1, 0, 0);
    fixture.layer("conv2").sources(0, 1, 0, 0);
    fixture.layer("conv3").sources(0, 1, 0, 0);
    fixture.layer("conv3").inputs = List.of("conv1");
    fixture.layer("conv4").kind = joined;
    fixture.layer("conv4").inputs = List.of("conv2", "conv3");
    for (String passes : List.of("conv4", "conv5", "conv6")) {
      fixture.layer(passes).sources(1, 0, 0, 0);
    }
  }

  @Test
  void aSumInheritsByTheEnergiesOfWhatItReads() {
    branch("residual-add");
    fixture.layer("conv2").nsr = 0.003;
    fixture.layer("conv3").nsr = 0.001;
    Run run = fixture.run();
    assertEquals(0.75, share(run, "conv2"), 1e-12);
    assertEquals(0.25, share(run, "conv3"), 1e-12);
    assertEquals(0, share(run, "conv1"), 1e-12);
  }

  @Test
  void sharesAddUpToTheWholeError() {
    branch("multiply");
    fixture.layer("conv2").sources(0.4, 0.1, 0.2, 0.3);
    fixture.layer("conv6").sources(0.4, 0.1, 0.2, 0.3);
    Run run = fixture.run();
    ErrorShares shares = ErrorShares.of(run);
    assertEquals(1, run.layers().stream().mapToDouble(l -> shares.of(l).all()).sum(), 1e-12);
  }

  @Test
  void withoutRecordedSourcesTheGainTells() {
    Run run = fixture.run(); // gains of 2, 3/2, 4/3, 5/4 and 6/5
    for (int i = 1; i <= 6; i++) {
      assertEquals(1.0 / 6, share(run, "conv" + i), 1e-12, "conv" + i);
    }
  }

  @Test
  void withFloatInputsEachLayerCountsByItsOwnError() {
    fixture.feed = Feed.LOCAL;
    for (RunFixture.LayerFixture l : fixture.layers) {
      l.sources(0, 0.75, 0, 0.25);
    }
    Run run = fixture.run(); // NSR of 1, 2, .. 6 thousandths
    assertEquals(6.0 / 21, share(run, "conv6"), 1e-12);
    assertEquals(1.0 / 21, share(run, "conv1"), 1e-12);
    assertEquals(0.75 * 6 / 21, ErrorShares.of(run).of(run.layer("conv6")).weights(), 1e-12);
  }

  @Test
  void aNetworkWithoutErrorHasNoShares() {
    for (RunFixture.LayerFixture l : fixture.layers) {
      l.nsr = 0;
    }
    Run run = fixture.run();
    assertEquals(List.of(), ErrorShares.of(run).largest());
    assertEquals(List.of(), ErrorShares.of(run).marked());
  }
}
