package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.depthscope.diagnosis.Diagnosis;
import io.depthscope.diagnosis.ErrorShares;
import io.depthscope.diagnosis.Finding;
import io.depthscope.diagnosis.Finding.Kind;
import io.depthscope.diagnosis.Finding.Severity;
import io.depthscope.diagnosis.RunComparison;
import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;
import io.depthscope.record.RunReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The collapse of a trained MobileNet-V1 is explained from its runs, where the data lies beside the
 * checkout; skipped with a message where it does not.
 */
class RealFindingsTest {
  private static final Path DATA = Path.of("../shared/data");
  private static final int IMAGES = 40;

  @TempDir static Path folder;

  private static Run perTensor;
  private static Run perChannel;

  @BeforeAll
  static void run() throws IOException {
    Path model = DATA.resolve("models/mobilenet_v1_0.75_224.safetensors");
    assumeTrue(Files.exists(model), "no trained network beside the checkout; test skipped");
    perTensor = analyze(model, "per-tensor");
    perChannel = analyze(model, "per-channel");
  }

  private static Run analyze(Path model, String granularity) throws IOException {
    Path out = folder.resolve(granularity);
    CommandLineRun.analyze(
            "--backend",
            "cpu",
            "--model",
            model,
            "--data",
            DATA.resolve("imagenet-dev"),
            "--synsets",
            DATA.resolve("imagenet_synsets.txt"),
            "--limit",
            IMAGES,
            "--calibrate",
            20,
            "--granularity",
            granularity,
            "--out",
            out)
        .succeeds();
    return RunReader.read(out);
  }

  private static Finding dead(Run run, String layer) {
    return Diagnosis.of(run).stream()
        .filter(f -> f.kind() == Kind.DEAD_CHANNELS && f.layer().equals(layer))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void deadChannelsOfTheFirstDepthwiseLayerAreTheWorst() {
    Finding worst = Diagnosis.of(perTensor).getFirst();
    assertEquals(Kind.DEAD_CHANNELS, worst.kind());
    assertEquals("conv_dw_1", worst.layer());
    assertEquals(Severity.HIGH, worst.severity());
    List<Integer> collapsed = List.of(2, 3, 6, 7, 9, 11, 13, 17, 18, 23);
    assertTrue(worst.channels().containsAll(collapsed), worst::toString);
    assertEquals(10, worst.evidence().number("collapsedChannels"));
    assertEquals(0.981, worst.evidence().number("rangeShare"), 0.001);
    assertEquals(6, worst.evidence().number("worstChannel"));
    assertEquals(32.66, worst.evidence().number("worstFoldingFactor"), 0.01);
  }

  /** As the layers' dead channels mend the network when they are taken away by hand. */
  @Test
  void causesStandInTheOrderOfWhatTheyCost() {
    List<Finding> all = Diagnosis.of(perTensor);
    assertEquals(
        List.of("conv_dw_1", "conv_dw_2", "conv_dw_3"),
        all.stream().limit(3).map(Finding::layer).toList());
    assertTrue(
        all.indexOf(dead(perTensor, "conv_dw_11")) < all.indexOf(dead(perTensor, "conv_dw_12")));
    assertTrue(
        all.indexOf(dead(perTensor, "conv_dw_12")) < all.indexOf(dead(perTensor, "conv_dw_6")));
    assertEquals(
        List.of("conv_dw_1", "conv_dw_2", "conv_dw_3"),
        ErrorShares.of(perTensor).marked().stream().map(RunLayer::name).toList());
    assertTrue(
        all.getFirst().consequences().stream().anyMatch(f -> f.kind() == Kind.HIGH_GAIN),
        all::toString);
  }

  /** Their weights are all but zero: the layer after is where the same channels do harm. */
  @Test
  void deadChannelsOfTheFirstLayerAreNamedAsHarmless() {
    Finding first = dead(perTensor, "conv1");
    assertEquals(List.of(2, 3, 6, 7, 9, 11, 13, 17, 18, 23), first.channels());
    assertEquals(0, first.evidence().number("rangeShare"), 1e-6);
    assertEquals(Severity.LOW, first.severity());
  }

  @Test
  void aScaleForEachChannelLeavesNothingHigh() {
    assertTrue(Diagnosis.lostAccuracy(perTensor));
    assertFalse(Diagnosis.lostAccuracy(perChannel));
    for (Finding f : Diagnosis.of(perChannel)) {
      assertTrue(f.severity() != Severity.HIGH, f::toString);
    }
  }

  @Test
  void theComparisonNamesTheLayerAndTheCause() {
    RunComparison c = RunComparison.of(perTensor, perChannel);
    assertEquals(List.of("granularity"), c.settings().stream().map(s -> s.name()).toList());
    assertEquals("conv_dw_1", c.parting().orElseThrow().name());
    Finding gone = c.gone().getFirst().finding();
    assertEquals(Kind.DEAD_CHANNELS, gone.kind());
    assertEquals("conv_dw_1", gone.layer());
  }
}
