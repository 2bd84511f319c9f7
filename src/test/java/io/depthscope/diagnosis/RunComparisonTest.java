package io.depthscope.diagnosis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.quant.Granularity;
import io.depthscope.record.RunFigures;
import io.depthscope.record.RunSetting.Kind;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RunComparisonTest {
  private final RunFixture a = new RunFixture();
  private final RunFixture b = new RunFixture();

  private RunComparison compared() {
    return RunComparison.of(a.run(), b.run());
  }

  @Test
  void aRunDoesNotDifferFromItself() {
    a.broken().layer("conv3").weight[2] = 20;
    RunComparison same = RunComparison.of(a.run(), a.run());
    assertEquals(List.of(), same.settings());
    assertTrue(same.agrees() && same.predictions().isEmpty());
    assertEquals(Optional.empty(), same.parting());
    assertEquals(List.of(), same.explaining());
    assertEquals(List.of(), same.gone());
    assertEquals(List.of(), same.appeared());
    for (LayerChange l : same.layers()) {
      assertEquals(0, l.difference());
      assertEquals(0, l.local());
    }
  }

  @Test
  void runsOfOtherImagesDoNotAgreeWhateverTheirFigures() {
    b.imageName = "photo-";
    RunComparison c = compared();
    assertEquals(RunFigures.byPlace(c.a()), RunFigures.byPlace(c.b()));
    assertFalse(c.agrees());
  }

  @Test
  void everySettingThatDiffersIsNamed() {
    b.manifest.put("dataFingerprint", "other");
    b.manifest.put("weightsSha256", "other");
    b.manifest.remove("preprocessing");
    b.manifest.put("backend", "cuda");
    a.manifest.put("backendNumerics", "cpu");
    b.manifest.put("backendNumerics", "cuda, products by cuBLAS, tf32");
    b.manifest.put("version", "2");
    b.manifest.put("threads", 7); // no number depends on it
    b.granularity = Granularity.PER_CHANNEL;
    b.bits = 4;
    RunComparison c = compared();
    assertEquals(
        List.of("weights (sha256)", "data (fingerprint)", "preprocessing"),
        c.differentSubjects().stream().map(SettingChange::name).toList());
    assertEquals(
        List.of("weights", "activations", "granularity"),
        c.settings().stream()
            .filter(s -> s.kind() == Kind.METHOD)
            .map(SettingChange::name)
            .toList());
    assertEquals(
        List.of("backend", "backend details", "version"),
        c.settings().stream()
            .filter(s -> s.kind() == Kind.PROGRAM)
            .map(SettingChange::name)
            .toList());
    SettingChange p = c.differentSubjects().get(2);
    assertEquals(List.of("p", "not recorded"), List.of(p.a(), p.b()));
  }

  /** The same two values under each key of the manifest: only some of the keys count. */
  @ParameterizedTest
  @MethodSource("keysOfTheManifest")
  void circumstancesAreNoSettings(String key, Optional<Kind> counts) {
    a.manifest.put(key, "1");
    b.manifest.put(key, "12");
    List<SettingChange> changes = compared().settings();
    assertEquals(counts.stream().toList(), changes.stream().map(SettingChange::kind).toList());
    assertTrue(changes.stream().allMatch(c -> c.a().equals("1") && c.b().equals("12")));
  }

  private static List<Arguments> keysOfTheManifest() {
    return List.of(
        Arguments.of("threads", Optional.empty()),
        Arguments.of("batch", Optional.empty()),
        Arguments.of("backendDescription", Optional.empty()),
        Arguments.of("backendChoice", Optional.empty()),
        Arguments.of("weightsFile", Optional.empty()),
        Arguments.of("memoryCeilingBytes", Optional.empty()),
        Arguments.of("strict", Optional.empty()),
        Arguments.of("seed", Optional.empty()),
        Arguments.of("backend", Optional.of(Kind.PROGRAM)),
        Arguments.of("weightsSha256", Optional.of(Kind.SUBJECT)),
        Arguments.of("mean", Optional.of(Kind.SUBJECT)),
        Arguments.of("calibrationSource", Optional.of(Kind.METHOD)));
  }

  @Test
  void theRemediesOfOneRunAreNamed() {
    b.manifest.put("remedies", List.of("dead-channels", "equalize"));
    assertEquals(
        List.of(new SettingChange(Kind.METHOD, "remedies", "none", "dead-channels, equalize")),
        compared().settings());
    b.manifest.put("remedies", "none that is a list");
    assertEquals(List.of(), compared().settings());
  }

  @Test
  void sourcesOfTheErrorInOneRunAloneAreNoDifference() {
    a.layer("conv2").sources(0.5, 0.5, 0, 0);
    assertTrue(compared().agrees());
  }

  @Test
  void runsPartWhereALayerItselfDiffers() {
    a.rightQuantized = 10;
    for (RunFixture.LayerFixture l : a.layers.subList(2, 6)) {
      l.nsr *= 1000;
    }
    RunComparison c = compared();
    assertEquals("conv3", c.parting().orElseThrow().name());
    assertEquals(List.of("conv3"), c.explaining().stream().map(LayerChange::name).toList());
    LayerChange l = c.layers().get(2);
    assertEquals(30, l.difference(), 1e-9);
    assertEquals(30, l.local(), 1e-9);
    assertEquals(1500, l.gainA(), 1e-9);
    assertEquals(30, c.layers().get(5).difference(), 1e-9);
    assertEquals(0, c.layers().get(5).local(), 1e-9);
  }

  @ParameterizedTest
  @CsvSource({"3.9, false", "4.1, true"})
  void theyPartAtOneBit(double factor, boolean parts) {
    for (RunFixture.LayerFixture l : b.layers.subList(3, 6)) {
      l.nsr *= factor;
    }
    assertEquals(parts, compared().parting().isPresent());
    assertTrue(!parts || compared().parting().orElseThrow().local() < 0);
  }

  @Test
  void aCauseThatIsGoneIsNamed() {
    RunFixture.LayerFixture l = a.broken().layer("conv4");
    l.variance[1] = 1e-9;
    l.low[1] = l.high[1] = 0;
    l.weight[1] = 50;
    RunFixture.LayerFixture same = b.layer("conv4");
    same.variance[1] = 1e-9;
    same.low[1] = same.high[1] = 0;
    same.weight[1] = 50;
    b.granularity = Granularity.PER_CHANNEL;
    RunComparison c = compared();
    assertEquals(1, c.gone().size(), () -> c.gone().toString());
    FindingChange gone = c.gone().getFirst();
    assertEquals(Finding.Kind.DEAD_CHANNELS, gone.finding().kind());
    assertEquals(Finding.Severity.HIGH, gone.finding().severity());
    assertEquals(Finding.Severity.LOW, gone.elsewhere().orElseThrow().severity());
    assertEquals(List.of(), c.appeared());
    assertEquals(c.gone(), RunComparison.of(b.run(), a.run()).appeared());
    LayerChange change = c.layers().get(3);
    assertEquals(255.0 / 50, change.weightLevelsA(), 1e-3);
    assertEquals(255, change.weightLevelsB(), 1e-3);
  }

  /** Factor on the error of the layer in A; whether what B shows there is told as new. */
  @ParameterizedTest
  @CsvSource({"1, true", "1.9, true", "2.1, false"})
  void whatStandsOutOfASmallerErrorIsNotTold(double factor, boolean told) {
    for (RunFixture.LayerFixture l : b.broken().layers) {
      l.nsr *= 0.1; // some findings, no lost bit
    }
    a.broken();
    for (int i = 0; i < a.layers.size(); i++) {
      a.layers.get(i).nsr = factor * b.layers.get(i).nsr;
    }
    b.layer("conv4").weight[1] = 50;
    RunComparison c = compared();
    assertEquals(told, !c.appeared().isEmpty(), () -> c.appeared().toString());
    assertEquals(c.appeared(), RunComparison.of(b.run(), a.run()).gone());
  }

  @Test
  void outliersAtBothEndsAreTwoFindings() {
    plantOutlier(a.broken().layer("conv3"), true);
    plantOutlier(b.broken().layer("conv3"), false);
    RunComparison c = compared();
    assertEquals(1, outliers(c.gone()), () -> c.gone().toString());
    assertEquals(1, outliers(c.appeared()), () -> c.appeared().toString());
  }

  private static long outliers(List<FindingChange> changes) {
    return changes.stream()
        .filter(f -> f.finding().kind() == Finding.Kind.OUTLIER_IMAGES)
        .filter(f -> f.elsewhere().isEmpty())
        .count();
  }

  private static void plantOutlier(RunFixture.LayerFixture l, boolean upper) {
    l.calibrated = 24;
    l.sources(0.2, 0.2, 0, 0.6);
    Arrays.fill(l.high, 24);
    if (upper) {
      l.highest = RunFixture.extremes(24, 7, 6.5);
    } else {
      l.calibratedLow = -24;
      Arrays.fill(l.low, -24);
      l.lowest = RunFixture.extremes(-24, -1, -1);
      for (int i = 0; i < 20; i++) {
        l.histogram.add(-1);
      }
    }
  }

  @Test
  void predictionsAreCountedByImage() {
    a.rightQuantized = 70; // 20 flipped
    b.rightQuantized = 85; // 5 flipped, all of them in A, too
    PredictionChange p = compared().predictions();
    assertEquals(100, p.images());
    assertEquals(15, p.flippedInA());
    assertEquals(0, p.flippedInB());
    assertEquals(5, p.flippedInBoth());
    assertEquals(15, p.rightInB());
    assertEquals(0, p.rightInA());
    assertEquals(
        List.of("image-70.png", "image-71.png", "image-72.png"),
        p.keptInB().stream().map(x -> x.image()).toList());
  }

  @Test
  void layersOfOneRunAloneAreListed() {
    b.layers.removeIf(l -> l.name.equals("conv6"));
    b.layers.add(new RunFixture.LayerFixture("head"));
    RunComparison c = compared();
    assertEquals(List.of("conv6"), c.onlyInA());
    assertEquals(List.of("head"), c.onlyInB());
    assertEquals(5, c.layers().size());
  }

  /** Condition on a difference of -0.1, whether it fails. */
  @ParameterizedTest
  @CsvSource({
    "< -0.01, true",
    "< -0.2, false",
    ">= -0.2, true",
    ">= 0, false",
    "> -0.2, true",
    "> 0, false",
    "<= 0, true",
    "<= -0.5, false"
  })
  void aConditionHoldsOrNot(String rest, boolean fails) {
    b.rightQuantized = a.rightQuantized - 10;
    Condition c = Condition.parse("network.top1Quantized " + rest);
    double difference = c.difference(compared());
    assertEquals(-0.1, difference, 1e-12);
    assertEquals(fails, c.fails(difference));
  }

  @ParameterizedTest
  @ValueSource(strings = {"<", "<=", ">", ">="})
  void notANumberFailsEveryCondition(String operator) {
    assertTrue(Condition.parse("network.qmse" + operator + "1").fails(Double.NaN));
  }

  @Test
  void theLimitItselfIsTold() {
    assertEquals(false, Condition.parse("x < 1").fails(1));
    assertEquals(true, Condition.parse("x <= 1").fails(1));
    assertEquals(false, Condition.parse("x > 1").fails(1));
    assertEquals(true, Condition.parse("x >= 1").fails(1));
  }

  @Test
  void figuresOfLayersAreKnownByTheirPlace() {
    b.layer("conv2").nsr *= 10;
    Condition c = Condition.parse("layers.conv2.error.sqnrDb<-3");
    assertEquals(-10, c.difference(compared()), 1e-9);
    a.layer("conv2").sources(0.5, 0, 0.5, 0);
    Map<String, Double> figures = RunFigures.byPlace(a.run());
    for (String name :
        new String[] {
          "weights.sqnrDb",
          "fp32.max",
          "quantized.mean",
          "macs",
          "quantized.params.scale",
          "quantized.params.zeroPoint",
          "error.energies.clipping"
        }) {
      assertTrue(figures.containsKey("layers.conv2." + name), name);
    }
  }

  @Test
  void theSameInfinityIsNoDifference() {
    a.layer("conv1").nsr = 0;
    b.layer("conv1").nsr = 0;
    assertEquals(0, Condition.parse("layers.conv1.error.sqnrDb < -1").difference(compared()));
  }

  @Test
  void anUnknownFigureSuggestsOthers() {
    Condition c = Condition.parse("network.top1quantised < 0");
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> c.difference(compared()));
    assertTrue(e.getMessage().contains("near it: network.top1Quantized"), e::getMessage);
    b.layers.removeIf(l -> l.name.equals("conv6"));
    Condition gone = Condition.parse("layers.conv6.error.mse > 0");
    e = assertThrows(IllegalArgumentException.class, () -> gone.difference(compared()));
    assertTrue(e.getMessage().contains("one of the two runs"), e::getMessage);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "x", "x =< 1", "< 1", "x < ", "x < y", "x < NaN", "x == 1", "x < 1 2"})
  void whatIsNoConditionIsRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> Condition.parse(text));
  }
}
