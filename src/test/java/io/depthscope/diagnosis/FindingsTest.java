package io.depthscope.diagnosis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.diagnosis.Finding.Kind;
import io.depthscope.diagnosis.Finding.Severity;
import io.depthscope.quant.Granularity;
import io.depthscope.record.DeadChannels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each cause, planted into a sound run, is found with its numbers, and nothing else is. */
class FindingsTest {
  private final RunFixture fixture = new RunFixture();

  private Finding only() {
    List<Finding> all = Diagnosis.of(fixture.run());
    assertEquals(1, all.size(), all::toString);
    return all.getFirst();
  }

  /** The worst of its kind. */
  private Finding first(Kind kind) {
    return Diagnosis.of(fixture.run()).stream()
        .filter(f -> f.kind() == kind)
        .findFirst()
        .orElseThrow();
  }

  private void none() {
    assertEquals(List.of(), Diagnosis.of(fixture.run()));
  }

  private static void near(double expected, Finding f, String evidence) {
    near(expected, f.evidence().number(evidence), evidence);
  }

  private static void near(double expected, double got, String evidence) {
    assertTrue(Math.abs(got - expected) <= 1e-6 + 0.01 * Math.abs(expected), evidence + ": " + got);
  }

  private static void says(Finding f, String... words) {
    for (String word : words) {
      assertTrue(f.statement().contains(word), () -> "'" + word + "' in: " + f.statement());
    }
    assertFalse(f.statement().contains("NaN"), f::statement);
  }

  private void plantDead(RunFixture.LayerFixture l) {
    for (int c : new int[] {3, 7}) {
      l.variance[c] = 1e-9;
      l.low[c] = 2;
      l.high[c] = 2;
      l.weight[c] = 40 - c; // channel 3 reaches farther
    }
  }

  @Test
  void aSoundRunHasNoFindings() {
    none();
    assertFalse(Diagnosis.lostAccuracy(fixture.run()));
  }

  @Test
  void deadChannelsAreFoundWithWhatTheyTake() {
    plantDead(fixture.broken().layer("conv3"));
    Finding f = Diagnosis.of(fixture.run()).getFirst();
    assertEquals(Kind.DEAD_CHANNELS, f.kind());
    assertEquals(Severity.HIGH, f.severity());
    assertEquals("conv3", f.layer());
    assertEquals(List.of(3, 7), f.channels());
    near(1 - 1 / 37.0, f, "rangeShare");
    near(255 / 37.0, f, "medianLevels");
    near(255, f, "medianLevelsWithout");
    near(3, f, "worstChannel");
    near(1 / Math.sqrt(1e-9 + 1e-3), f, "worstFoldingFactor");
    near(2, f, "collapsedChannels");
    near(
        20 * Math.log10(64 * 37 / 255.0),
        f,
        Finding.LAYER_COST); // more than 64 levels are not counted
    near(0, f, "largestMove");
    says(
        f,
        "2 of 40 channels are dead: their output is the same",
        "Farthest reach: channels 3 (37), 7 (33).",
        "97.3 %",
        "-37 .. 37 with them");
    says(f, "-1 .. 1 without", "gets 6.9 of 256 levels and would get 255", "by 31.6");
    assertEquals(List.of("dead-channels"), f.advice().steps());
  }

  @Test
  void deadChannelsThatMoveALittleAreNotSaidToBeConstant() {
    RunFixture.LayerFixture l = fixture.layer("conv3");
    plantDead(l);
    l.high[7] = 2.3;
    Finding f = Diagnosis.of(fixture.run()).getFirst();
    assertEquals(List.of(3, 7), f.channels());
    near(0.05, f, "largestMove");
    says(f, "their output hardly changes, by at most 5.0 % of the layer's range. ");
  }

  @Test
  void whatTheDeadTakeIsNotHeldAgainstTheLevelsTwice() {
    plantDead(fixture.broken().layer("conv3"));
    Finding few = first(Kind.FEW_LEVELS);
    assertEquals(38, few.channels().size());
    near(0, few, Finding.LAYER_COST);
    says(few, "Without the dead channels it would be none");
    assertEquals(Severity.LOW, few.severity());
  }

  @Test
  void deadChannelsCostNothingWithAScaleForEach() {
    fixture.granularity = Granularity.PER_CHANNEL;
    plantDead(fixture.broken().layer("conv3"));
    Finding f = only();
    assertEquals(Severity.LOW, f.severity());
    near(1 - 1 / 37.0, f, "rangeShare");
    near(255, f, "medianLevels");
    near(0, f, Finding.LAYER_COST);
    says(f, "a scale for each channel that costs the others nothing");
  }

  @Test
  void deadChannelsWithSmallWeightsAreHarmless() {
    RunFixture.LayerFixture l = fixture.broken().layer("conv1");
    plantDead(l);
    l.weight[3] = l.weight[7] = 1e-6;
    Finding f = only();
    assertEquals(Severity.LOW, f.severity());
    near(0, f, "rangeShare");
    says(f, "do not widen");
  }

  /** Variance of the batch norm, movement of the output as a share of the range, dead or not. */
  @ParameterizedTest
  @CsvSource({
    "1,       0,      true",
    "1,       0.0009, true",
    "1,       0.0011, false",
    "0.9e-5,  0.09,   true",
    "1.1e-5,  0.09,   false",
    "0.9e-5,  0.11,   false",
    "NaN,     0,      true",
    "NaN,     0.0011, false"
  })
  void deathIsAConstantOutputOrACollapsedNorm(double variance, double moves, boolean dead) {
    RunFixture.LayerFixture l = fixture.layer("conv2");
    l.variance[5] = variance;
    l.low[5] = 1;
    l.high[5] = 1 + 6 * moves;
    assertEquals(dead ? List.of(5) : List.of(), DeadChannels.of(fixture.run().layer("conv2")));
  }

  @Test
  void constantsThatWidenTheOutputAreNamed() {
    RunFixture.LayerFixture l = fixture.broken().layer("conv2");
    l.low[4] = l.high[4] = l.calibrated = 60;
    Finding f = first(Kind.DEAD_CHANNELS);
    near(0.9, f, "outputRangeShare");
    near(20 * Math.log10(64 / 25.5), f, Finding.LAYER_COST);
    says(f, "Its constant causes 90.0 % of the range of the output");
  }

  @Test
  void aFewLiveChannelsThatSetTheRangeOfTheWeights() {
    RunFixture.LayerFixture l = fixture.broken().layer("conv4");
    l.weight[9] = 12;
    l.weight[20] = 8;
    Finding f = Diagnosis.of(fixture.run()).getFirst();
    assertEquals(Kind.DOMINANT_CHANNELS, f.kind());
    assertEquals(List.of(9, 20), f.channels());
    near(1 - 1 / 12.0, f, "rangeShare");
    near(255 / 12.0, f, "medianLevels");
    near(255, f, "medianLevelsWithout");
    assertTrue(f.evidence().holds("ofWeights"));
    assertEquals(Severity.HIGH, f.severity());
    says(f, "2 channels of 40 live ones cause 91.7 %", "-12 .. 12 with them and -1 .. 1 without");
  }

  @Test
  void aFewLiveChannelsThatSetTheRangeOfTheOutput() {
    RunFixture.LayerFixture l = fixture.layer("conv4");
    l.high[9] = l.calibrated = 60;
    Finding f = only();
    assertEquals(Kind.DOMINANT_CHANNELS, f.kind());
    assertEquals(List.of(9), f.channels());
    near(0.9, f, "rangeShare");
    assertFalse(f.evidence().holds("ofWeights"));
    assertEquals(Severity.MEDIUM, f.severity());
  }

  /** Farthest first would take one from each end in turn, and need three. */
  @Test
  void theFewestChannelsThatHalveTheRangeAreNamed() {
    RunFixture.LayerFixture l = fixture.layer("conv4");
    l.low[0] = l.calibratedLow = -60;
    l.low[2] = -58;
    l.high[1] = l.calibrated = 59;
    Finding f = first(Kind.DOMINANT_CHANNELS);
    assertEquals(List.of(0, 2), f.channels());
    near(60 / 119.0, f, "rangeShare");
    near(0, f, "minWithout");
    near(59, f, "maxWithout");
  }

  /** Two are needed either way; without the outer ones the range is narrowest, mirrored or not. */
  @ParameterizedTest
  @CsvSource({"1", "-1"})
  void ofEquallyFewThoseAreNamedThatLeaveTheNarrowestRange(int sign) {
    RunFixture.LayerFixture l = fixture.layer("conv4");
    Arrays.fill(l.low, -0.1);
    Arrays.fill(l.high, 0.1);
    double[] upper = sign > 0 ? l.high : l.low;
    double[] lower = sign > 0 ? l.low : l.high;
    upper[0] = sign * 10;
    upper[1] = sign * 4;
    lower[2] = sign * -6;
    l.calibratedLow = sign > 0 ? -6 : -10;
    l.calibrated = sign > 0 ? 10 : 6;
    Finding f = first(Kind.DOMINANT_CHANNELS);
    assertEquals(List.of(0, 2), f.channels());
  }

  /** Reach of one channel, then of three; two of forty are the most that count as few. */
  @ParameterizedTest
  @CsvSource({"1.9, 1, false", "2.1, 1, true", "10, 2, true", "10, 3, false"})
  void dominanceHalvesTheRangeAndIsRare(double reach, int channels, boolean found) {
    for (int c = 0; c < channels; c++) {
      fixture.layer("conv4").weight[c] = reach;
    }
    boolean dominant =
        Diagnosis.of(fixture.run()).stream().anyMatch(f -> f.kind() == Kind.DOMINANT_CHANNELS);
    assertEquals(found, dominant);
  }

  @Test
  void symmetricCodesAreMirrored() {
    fixture.symmetric = true;
    RunFixture.LayerFixture l = fixture.layer("conv4");
    l.weight[9] = 12;
    Finding f = Diagnosis.of(fixture.run()).getFirst();
    near(254 / 12.0, f, "medianLevels");
    near(254, f, "medianLevelsWithout");
  }

  @Test
  void fewLevelsOfWeightsAndOfOutputsAreFoundApart() {
    RunFixture.LayerFixture l = fixture.broken().layer("conv5");
    Arrays.fill(l.weight, 0, 30, 0.02);
    Arrays.fill(l.high, 0, 20, 0.2);
    List<Finding> all = Diagnosis.of(fixture.run());
    assertEquals(2, all.size(), all::toString);
    Finding weights = all.getFirst();
    assertTrue(weights.evidence().holds("ofWeights"));
    near(0.75, weights, "channelShare");
    near(255 * 0.02, weights, "medianLevels");
    near(0.75 * 20 * Math.log10(16 / 5.1), weights, Finding.LAYER_COST);
    assertEquals(Severity.HIGH, weights.severity());
    says(weights, "30 of 40 live channels get fewer than 16 of the 256 levels of the weights");
    says(weights, "(fewest: channels 0 (5.1), 1 (5.1), 2 (5.1) and 27 more)");
    assertFalse(all.get(1).evidence().holds("ofWeights"));
    near(255 * 0.2 / 6, all.get(1), "medianLevels");
    assertEquals(20, all.get(1).channels().size());
  }

  /** Bits, share of the range that a channel uses, whether that is few. */
  @ParameterizedTest
  @CsvSource({
    "8, 0.0626, true",
    "8, 0.0629, false",
    "4, 0.066, true",
    "4, 0.068, false",
    "16, 0.00024, true",
    "16, 0.00025, false"
  })
  void fewIsSixteenLevelsOrASixteenthOfTheCodes(int bits, double share, boolean few) {
    fixture.bits = bits;
    fixture.layer("conv5").weight[0] = share;
    assertEquals(few ? 1 : 0, Diagnosis.of(fixture.run()).size());
  }

  /** With four bits the limit is one level; half of the limit is the least that is counted. */
  @ParameterizedTest
  @CsvSource({
    "8, 0.4, 16, 0.5",
    "4, 0.8, 1, 0.8",
    "4, 0.1, 1, 0.5",
    "3, 0.3, 0.5, 0.3",
    "3, 0.1, 0.5, 0.25",
    "2, 0.2, 0.25, 0.2",
    "2, 0.05, 0.25, 0.125"
  })
  void channelsOfLessThanALevelCostTheirLayerSomething(
      int bits, double levels, double limit, double counted) {
    fixture.bits = bits;
    Arrays.fill(fixture.layer("conv5").weight, 0, 30, levels / ((1 << bits) - 1));
    Finding f = only();
    near(0.75 * 20 * Math.log10(limit / counted), f, Finding.LAYER_COST);
    near(levels, f, "medianLevelsWithoutDead");
    assertTrue(f.evidence().number(Finding.LAYER_COST) > 0);
  }

  /** Shares of the range that the dead channel takes, and whether it costs anything. */
  @ParameterizedTest
  @CsvSource({"1.00005, false", "1.0003, true"})
  void aCostThatRoundingMightMakeIsNone(double reach, boolean costs) {
    RunFixture.LayerFixture l = fixture.layer("conv3");
    Arrays.fill(l.weight, 0.2);
    l.weight[0] = 1;
    l.weight[3] = reach;
    l.variance[3] = 1e-9;
    l.low[3] = l.high[3] = 2;
    double cost = first(Kind.DEAD_CHANNELS).evidence().number(Finding.LAYER_COST);
    assertEquals(costs ? 20 * Math.log10(reach) : 0, cost, costs ? 1e-5 : 0);
  }

  @Test
  void saturationIsFoundWithItsWorstChannels() {
    RunFixture.LayerFixture l = fixture.layer("conv2");
    l.saturated = 0.01;
    l.saturation[8] = 0.3;
    l.saturation[5] = 0.1;
    l.calibrated = 3;
    l.sources(0.1, 0.1, 0.8, 0);
    Finding f = only();
    assertEquals(Kind.SATURATION, f.kind());
    assertEquals(List.of(5, 8), f.channels());
    near(0.8, f, "clippedErrorShare");
    near(-10 * Math.log10(0.2), f, Finding.LAYER_COST);
    says(f, "1.0 % of the values", "0 .. 3", "Worst: channels 8 (30.0 %), 5 (10.0 %).");
  }

  @Test
  void withoutErrorSourcesClippingIsCountedFromTheHistogram() {
    RunFixture.LayerFixture l = fixture.layer("conv2");
    l.saturated = 0.17;
    l.calibrated = 5;
    l.nsr = 0.02; // of mean square 12: 0.24, of which values beyond 5 cause 1/6 of 1/3
    Finding f = first(Kind.SATURATION);
    double share = f.evidence().number("clippedErrorShare");
    assertTrue(Math.abs(share - 1 / 18.0 / 0.24) < 0.01, () -> "share " + share);
  }

  @ParameterizedTest
  @CsvSource({"0.0009, 0, false", "0.0011, 0, true", "0, 0.009, false", "0, 0.011, true"})
  void saturationHasAThreshold(double layer, double channel, boolean found) {
    fixture.layer("conv2").saturated = layer;
    fixture.layer("conv2").saturation[0] = channel;
    List<Finding> all = Diagnosis.of(fixture.run());
    assertEquals(found ? 1 : 0, all.size());
    all.forEach(f -> near(channel, f, "worstSaturation"));
  }

  @Test
  void aLayerThatAmplifiesFarMoreThanTheOthers() {
    fixture.rightQuantized = 10;
    for (RunFixture.LayerFixture l : fixture.layers.subList(3, 6)) {
      l.nsr *= 100;
    }
    Finding f = only();
    assertEquals(Kind.HIGH_GAIN, f.kind());
    assertEquals("conv4", f.layer());
    near(400 / 3.0, f, "gain");
    near(10 * Math.log10(400 / 3.0), f, Finding.LAYER_COST);
    assertEquals(Severity.HIGH, f.severity());
    says(f, "133 times", "steps down by 21.2 dB, from 25.2 dB to 4.0 dB");
  }

  @Test
  void whereEveryLayerAmplifiesNoneStandsOut() {
    double nsr = 1e-6;
    for (RunFixture.LayerFixture l : fixture.layers) {
      nsr *= 4;
      l.nsr = nsr;
    }
    none();
  }

  @Test
  void aMeanErrorIsABiasShift() {
    RunFixture.LayerFixture l = fixture.broken().layer("conv6");
    double rms = Math.sqrt(12 * l.nsr);
    Arrays.fill(l.meanError, 0, 36, 0.9 * rms);
    l.meanError[17] = -0.95 * rms;
    Finding f = only();
    assertEquals(Kind.BIAS_SHIFT, f.kind());
    assertEquals(36, f.channels().size());
    near((35 * 0.81 + 0.9025) / 40, f, "biasShare");
    near(17, f, "worstChannel");
    near(-0.95 * rms, f, "worstMeanError");
    says(f, "36 of 40 channels");
  }

  @Test
  void aListNamesTheWorstWithTheirFiguresAndCountsTheRest() {
    List<Integer> five = List.of(9, 2, 7, 1, 0);
    assertEquals("channels 9 (=9), 2 (=2), 7 (=7) and 2 more", Phrases.worst(five, i -> "=" + i));
    assertEquals(
        "channels 9 (=9), 2 (=2), 7 (=7), 1 (=1)", Phrases.worst(five.subList(0, 4), i -> "=" + i));
    assertEquals("channel 9 (=9)", Phrases.worst(List.of(9), i -> "=" + i));
  }

  /** The same figure looks the same wherever it stands. */
  @ParameterizedTest
  @CsvSource({
    "0.86, 86.0 %",
    "0.07, 7.0 %",
    "0.842, 84.2 %",
    "0, 0.0 %",
    "1, 100.0 %",
    "0.0002, 0.020 %"
  })
  void sharesHaveOneFormat(double share, String text) {
    assertEquals(text, Phrases.percent(share));
  }

  @ParameterizedTest
  @CsvSource({"0.70, false", "0.72, true"})
  void aBiasShiftIsMoreThanHalfOfTheEnergy(double ofRms, boolean found) {
    RunFixture.LayerFixture l = fixture.layer("conv6");
    Arrays.fill(l.meanError, ofRms * Math.sqrt(12 * l.nsr));
    assertEquals(found ? 1 : 0, Diagnosis.of(fixture.run()).size());
  }

  @Test
  void anImageThatAloneSetsTheRangeIsNamed() {
    RunFixture.LayerFixture l = fixture.layer("conv3");
    l.highest = RunFixture.extremes(24, 7, 6.5);
    l.calibrated = 24;
    Arrays.fill(l.high, 24); // so that no channel stands out
    l.sources(0, 0, 0, 1);
    Finding f = only();
    assertEquals(Kind.OUTLIER_IMAGES, f.kind());
    assertEquals(List.of(10), f.images());
    near(24, f, "reached");
    near(6.5, f, "nextImage");
    near(20 * Math.log10(24 / 6.5), f, Finding.LAYER_COST);
    says(f, "Image image-10.png (24) alone", "the images of the run");
    assertEquals(Severity.MEDIUM, f.severity());
  }

  @Test
  void anImageBeyondACalibratedRangeCostsTheOthersNothing() {
    RunFixture.LayerFixture l = fixture.broken().layer("conv3");
    l.lowest = RunFixture.extremes(-24, -20, -1);
    Arrays.fill(l.low, -24);
    for (int i = 0; i < 20; i++) {
      l.histogram.add(-1);
    }
    Finding f = only();
    assertEquals(List.of(10, 11), f.images());
    near(0, f, Finding.LAYER_COST);
    assertEquals(Severity.LOW, f.severity());
    says(f, "cuts such values off");
  }

  @ParameterizedTest
  @CsvSource({"11.8, 6, false", "12.3, 6, true", "12.3, 9.9, false", "12.3, 9.7, true"})
  void anOutlierStandsOutFromValuesAndFromImages(double reached, double others, boolean found) {
    RunFixture.LayerFixture l = fixture.layer("conv3");
    l.highest = RunFixture.extremes(reached, others, others);
    l.calibrated = reached;
    Arrays.fill(l.high, reached);
    assertEquals(found ? 1 : 0, Diagnosis.of(fixture.run()).size());
  }

  /** Images right in float32, images right quantized, whether that is a loss. */
  @ParameterizedTest
  @CsvSource({
    "90, 90, false",
    "90, 86, false", // 4.4 %
    "90, 85, true", // 5.6 %, five against none
    "20, 17, false", // 15 %, but three images are chance
    "20, 15, true",
    "0, 0, false"
  })
  void aLossIsMoreThanAcceptedAndMoreThanChance(int fp32, int quantized, boolean lost) {
    fixture.rightFp32 = fp32;
    fixture.rightQuantized = quantized;
    assertEquals(lost, Diagnosis.lostAccuracy(fixture.run()));
  }

  @Test
  void aRunThatLosesNothingDoesNotCryWolf() {
    plantEverything();
    fixture.rightQuantized = 89;
    for (Finding f : Diagnosis.of(fixture.run())) {
      assertTrue(f.severity() != Severity.HIGH, f::toString);
    }
  }

  @Test
  void theWorstComesFirstAndACauseBeforeItsEffect() {
    plantEverything();
    List<Finding> all = Diagnosis.of(fixture.run());
    assertEquals(all, Diagnosis.of(fixture.run()));
    assertEquals(Kind.DEAD_CHANNELS, all.getFirst().kind());
    assertTrue(
        all.getFirst().consequences().stream()
            .anyMatch(f -> f.kind() == Kind.HIGH_GAIN && f.layer().equals("conv4")),
        all::toString);
    List<Severity> severities = new ArrayList<>(all.stream().map(Finding::severity).toList());
    List<Severity> sorted = new ArrayList<>(severities);
    sorted.sort(null);
    assertEquals(sorted, severities);
    for (Finding f : all) {
      assertTrue(f.costDb() >= 0, f::toString);
      assertFalse(f.statement().isEmpty());
      assertFalse(f.remedy().isEmpty(), f::toString);
      assertEquals(f.channels().stream().sorted().toList(), f.channels());
      assertFalse(f.statement().toUpperCase(Locale.ROOT).contains("INFINITY"), f::statement);
    }
  }

  private void plantEverything() {
    fixture.broken();
    for (RunFixture.LayerFixture l : fixture.layers.subList(0, 3)) {
      l.nsr /= 100;
    }
    plantDead(fixture.layer("conv4"));
    fixture.layer("conv5").weight[1] = 30;
    fixture.layer("conv5").saturated = 0.2;
    Arrays.fill(fixture.layer("conv6").meanError, 0.8 * Math.sqrt(12 * fixture.layer("conv6").nsr));
  }

  @Test
  void everyLayerMayBeDead() {
    RunFixture.LayerFixture l = fixture.broken().layer("conv3");
    for (int c = 0; c < RunFixture.CHANNELS; c++) {
      l.low[c] = l.high[c] = 1 + c % 2;
    }
    Finding f = Diagnosis.of(fixture.run()).getFirst(); // no live channel is left to compare with
    assertEquals(Kind.DEAD_CHANNELS, f.kind());
    says(f, "40 of 40 channels are dead");
    near(0, f, Finding.LAYER_COST);
  }

  @Test
  void valuesThatAreNotFiniteComeFirst() {
    plantDead(fixture.broken().layer("conv3"));
    fixture.layer("conv4").nans = 7;
    fixture.layer("conv4").infinities = 5;
    fixture.layer("conv5").quantizedInfinities = 3;
    Finding f = Diagnosis.of(fixture.run()).getFirst();
    assertEquals(Kind.NON_FINITE, f.kind());
    assertEquals(Severity.HIGH, f.severity());
    assertEquals("conv4", f.layer());
    near(2, f, "layers");
    near(7, f, "fp32Nans");
    near(5, f, "fp32Infinities");
    near(0, f, "quantizedInfinities");
    String said = f.statement();
    assertTrue(said.contains("7 are NaN and 5 infinite in float32"), said);
    assertTrue(said.contains("first of 2 such layers"), said);
  }

  @Test
  void oneInfinityOfTheQuantizedStreamIsEnough() {
    fixture.layer("conv2").quantizedInfinities = 1;
    assertEquals(Kind.NON_FINITE, only().kind());
    near(1, only(), "quantizedInfinities");
  }

  @Test
  void aRunWithoutNumbersHasNoFindings() {
    for (RunFixture.LayerFixture l : fixture.layers) {
      Arrays.fill(l.high, Double.NaN);
      l.nsr = Double.NaN;
      l.saturated = Double.NaN;
    }
    none();
  }
}
