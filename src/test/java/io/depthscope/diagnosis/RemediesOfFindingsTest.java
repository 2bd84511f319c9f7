package io.depthscope.diagnosis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.diagnosis.Finding.Kind;
import io.depthscope.diagnosis.Finding.Severity;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.record.Run;
import io.depthscope.remedy.Remedy;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Findings stand in the order of what they cost, under their cause, and say what mends them. */
class RemediesOfFindingsTest {
  private final RunFixture fixture = new RunFixture();

  private Finding find(Kind kind, String layer) {
    return Diagnosis.of(fixture.run()).stream()
        .filter(f -> f.kind() == kind && f.layer().equals(layer))
        .findFirst()
        .orElseThrow();
  }

  private void dead(String layer, double reach, double... sources) {
    RunFixture.LayerFixture l = fixture.layer(layer);
    l.low[3] = l.high[3] = 2;
    l.weight[3] = reach;
    l.sources(sources[0], sources[1], 0, sources[2]);
  }

  /**
   * What conv2 does to its own values is less than what conv5 does, but it is most of the error.
   */
  @Test
  void theOrderIsThatOfTheErrorAtTheOutput() {
    fixture.broken();
    dead("conv2", 30, 0.2, 0.8, 0);
    dead("conv5", 300, 0.99, 0.01, 0);
    List<Finding> all = Diagnosis.of(fixture.run());
    assertEquals("conv2", all.getFirst().layer());
    assertEquals(Severity.HIGH, all.getFirst().severity());
    Finding far = find(Kind.DEAD_CHANNELS, "conv5");
    assertTrue(
        far.evidence().number(Finding.LAYER_COST)
            > all.getFirst().evidence().number(Finding.LAYER_COST));
    assertEquals(Severity.LOW, far.severity());
  }

  /** The weights' error falls with the square of the step; rounding of the output stays. */
  @Test
  void aCauseHasTheShareThatItsLayerWouldLose() {
    dead("conv6", 2, 0.5, 0.3, 0.2);
    Finding f = find(Kind.DEAD_CHANNELS, "conv6");
    assertEquals(0, f.cost().share(), 1e-12, "127 levels are as good as 255");
    dead("conv6", 20, 0.5, 0.3, 0.2);
    f = find(Kind.DEAD_CHANNELS, "conv6");
    double levels = 255.0 / 20;
    assertEquals(0.3 * (1 - levels * levels / 64 / 64), f.cost().share(), 1e-6);
    assertEquals(-10 * Math.log10(1 - f.cost().share()), f.costDb(), 1e-12);
    assertEquals(f.cost().outputSqnrDb() + f.costDb(), f.cost().predictedSqnrDb(), 1e-12);
  }

  @Test
  void whatOneCauseTakesTheNextCannotTakeAgain() {
    dead("conv6", 30, 0, 1, 0);
    fixture.layer("conv6").weight[5] = 10;
    Arrays.fill(fixture.layer("conv6").weight, 10, 30, 0.01);
    double sum = Diagnosis.of(fixture.run()).stream().mapToDouble(f -> f.cost().share()).sum();
    assertTrue(sum > 0.9 && sum <= 1, "shares of one layer's weights add up to " + sum);
  }

  @Test
  void consequencesAreFoldedUnderTheirCause() {
    fixture.broken();
    for (RunFixture.LayerFixture l : fixture.layers) {
      l.sources(1, 0, 0, 0);
    }
    fixture.layer("conv1").nsr = 1e-5;
    fixture.layer("conv2").nsr = 1e-5;
    dead("conv3", 50, 0, 1, 0);
    RunFixture.LayerFixture behind = fixture.layer("conv4");
    Arrays.fill(behind.meanError, 0.9 * Math.sqrt(12 * behind.nsr));
    List<Finding> all = Diagnosis.of(fixture.run());
    Finding cause = all.getFirst();
    assertEquals(Kind.DEAD_CHANNELS, cause.kind());
    assertEquals(
        List.of(Kind.HIGH_GAIN, Kind.BIAS_SHIFT),
        cause.consequences().stream().map(Finding::kind).toList());
    assertEquals(
        List.of("conv3", "conv4"), cause.consequences().stream().map(Finding::layer).toList());
    assertFalse(
        all.stream().anyMatch(f -> f.kind() == Kind.HIGH_GAIN || f.kind() == Kind.BIAS_SHIFT));
  }

  @Test
  void aShiftThatNoCauseExplainsStandsByItself() {
    fixture.broken();
    dead("conv3", 50, 0.9, 0.1, 0); // a tenth of the error is too little
    RunFixture.LayerFixture l = fixture.layer("conv4");
    l.sources(0.5, 0.5, 0, 0);
    Arrays.fill(l.meanError, 0.9 * Math.sqrt(12 * l.nsr));
    assertEquals("conv4", find(Kind.BIAS_SHIFT, "conv4").layer());
  }

  private static final List<String> USED = List.of("dead-channels", "equalize", "bias-correction");

  private static final List<String> NOT_AGAIN =
      List.of("--granularity per-channel", "--weight-range mse", "--range mse");

  /** Findings of every kind, in a run that has gone every way but that of more bits. */
  @Test
  void nothingIsAdvisedThatTheRunDoesAlready() {
    plantAll();
    fixture.weightRange = RangeEstimator.parse("mse");
    fixture.activationRange = RangeEstimator.parse("mse");
    fixture.granularity = Granularity.PER_CHANNEL;
    fixture.manifest.put("remedies", USED);
    List<Finding> all = Diagnosis.of(fixture.run());
    assertFalse(all.isEmpty());
    for (Finding f : all) {
      for (String option : NOT_AGAIN) {
        assertFalse(f.remedy().contains(option), f::toString);
      }
      for (String had : USED) {
        assertFalse(f.advice().steps().contains(had), f::toString);
        assertFalse(f.remedy().contains("--steps " + had), f::toString);
      }
    }
  }

  @Test
  void everyStepIsARemedyOfMendAndTheTextNamesIt() {
    plantAll();
    for (Finding f : Diagnosis.of(fixture.run())) {
      for (String step : f.advice().steps()) {
        assertEquals(step, Remedy.named(step).name());
        assertTrue(f.remedy().contains("--steps " + step), f::toString);
      }
    }
    assertEquals(List.of("dead-channels"), find(Kind.DEAD_CHANNELS, "conv1").advice().steps());
    assertEquals(List.of("equalize"), find(Kind.DOMINANT_CHANNELS, "conv2").advice().steps());
    assertEquals(List.of("bias-correction"), find(Kind.BIAS_SHIFT, "conv3").advice().steps());
    assertTrue(find(Kind.DOMINANT_CHANNELS, "conv2").remedy().contains("ross-layer equalization"));
    assertTrue(find(Kind.BIAS_SHIFT, "conv3").remedy().startsWith("Bias correction"));
  }

  private void plantAll() {
    for (RunFixture.LayerFixture l : fixture.broken().layers) {
      l.sources(0.8, 0.1, 0.05, 0.05);
    }
    dead("conv1", 30, 0, 0.5, 0.5);
    fixture.layer("conv2").weight[9] = 30;
    RunFixture.LayerFixture shifted = fixture.layer("conv3");
    Arrays.fill(shifted.meanError, 0.9 * Math.sqrt(12 * shifted.nsr));
    Arrays.fill(fixture.layer("conv4").high, 0, 20, 0.1);
    fixture.layer("conv5").saturated = 0.2;
    RunFixture.LayerFixture outlier = fixture.layer("conv6");
    outlier.highest = RunFixture.extremes(24, 7, 6.5);
    outlier.calibrated = 24;
    Arrays.fill(outlier.high, 24);
    Arrays.fill(outlier.weight, 0, 30, 0.01);
  }

  /** The repair takes constants alone: what moves a little it leaves as it is. */
  @Test
  void channelsThatMoveAreNotToBeRepaired() {
    fixture.broken();
    dead("conv3", 30, 0, 1, 0);
    fixture.layer("conv3").high[3] = 2.001;
    Finding f = find(Kind.DEAD_CHANNELS, "conv3");
    assertEquals(List.of(), f.advice().steps());
    assertTrue(f.remedy().contains("--granularity per-channel"), f::remedy);
  }

  @Test
  void theNextStepIsOneCommandForAllThatCosts() {
    fixture.manifest.put("weightsFile", "nets/a b.safetensors");
    fixture.manifest.put("data", "photos");
    plantAll();
    Run run = fixture.run();
    NextStep next = NextStep.of(run, Diagnosis.of(run)).orElseThrow();
    assertEquals(
        List.of("dead-channels", "equalize", "bias-correction"),
        next.steps().stream().filter(s -> !s.equals("ranges")).toList());
    assertTrue(
        next.command()
            .startsWith(
                "depthscope mend --model 'nets/a b.safetensors' --data photos --calibrate 100"
                    + " --scheme w8a8 --granularity per-tensor --steps dead-channels,equalize,"),
        next::command);
    assertTrue(next.predictedSqnrDb() > next.sqnrDb());
  }

  @Test
  void aSoundRunHasNoNextStep() {
    Run run = fixture.run();
    assertTrue(NextStep.of(run, Diagnosis.of(run)).isEmpty());
    assertTrue(Diagnosis.withoutCause(run, Diagnosis.of(run)).isEmpty());
  }

  /** A tenth of the images changes class, and nothing is found: the largest steps are told. */
  @Test
  void whereClassesChangeNothingIsNotSaidToBeAmiss() {
    fixture.rightQuantized = 80;
    Run run = fixture.run();
    assertEquals(List.of(), Diagnosis.of(run));
    String said = Diagnosis.withoutCause(run, List.of()).orElseThrow();
    assertTrue(
        said.startsWith("no single cause; largest steps, of the error at the output: conv"), said);
    assertTrue(said.contains("16.7 %"), said);
    fixture.rightQuantized = 81;
    assertTrue(Diagnosis.withoutCause(fixture.run(), List.of()).isEmpty());
  }
}
