package io.depthscope.remedy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.backend.BatchOutput;
import io.depthscope.graph.Node;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.QuantPolicy;
import io.depthscope.plan.Recording;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.QuantizedTensor;
import io.depthscope.stats.ErrorSums;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Widths chosen for a trained network. */
class MixedPrecisionTest {
  private static final List<Integer> WIDTHS = List.of(4, 8, 16);

  private final CalibrationImages images;
  private final Mending w4;

  MixedPrecisionTest() throws IOException {
    images = RemedyTest.images(RemedyTest.trained(), 11);
    w4 = begin("w4a8");
  }

  private Mending begin(String scheme) throws IOException {
    return Mending.begin(
        RemedyTest.trained(),
        RemedyTest.scheme(scheme, Granularity.PER_CHANNEL),
        QuantPolicy.TFLITE,
        images);
  }

  private static MixedPrecision within(String budget, boolean corrected) {
    return new MixedPrecision(WidthBudget.parse(budget), WIDTHS, corrected);
  }

  /** The error of the outputs over their energy. */
  private double error(Mending m, QuantSpec spec) throws IOException {
    Plan plan = Plan.of(m.network(), images.table(), spec, Feed.ACCUMULATED, Recording.PAIRED);
    double error = 0;
    double signal = 0;
    for (BatchOutput out : images.outputs(plan)) {
      int n = out.baseline().length;
      error += ErrorSums.energy(out.baseline(), out.candidate(), 0, n);
      signal += ErrorSums.energy(new float[n], out.baseline(), 0, n);
    }
    return error / signal;
  }

  private static Map<String, Integer> weightBits(Mending m) {
    Map<String, Integer> bits = new TreeMap<>();
    m.spec().weights().forEach((name, w) -> bits.put(name, w.params().getFirst().bits()));
    return bits;
  }

  private static Map<String, Integer> outputBits(Mending m) {
    Map<String, Integer> bits = new TreeMap<>();
    m.spec().outputs().forEach((name, p) -> bits.put(name, p.bits()));
    return bits;
  }

  @Test
  void whatALayerAddsIsThatOfANetworkOfWhichItAloneIsQuantized() throws IOException {
    WidthNoise noise = WidthNoise.of(w4, List.of(4, 8), false);
    double[][] measured = noise.measured(images);
    for (int l = 0; l < measured.length; l++) {
      String name = noise.layers().get(l).name();
      assertEquals(error(w4, w4.spec().only(Set.of(name))), measured[l][0], name);
    }
    Mending w8 = begin("w8a8");
    for (int l = 0; l < measured.length; l++) {
      String name = noise.layers().get(l).name();
      assertEquals(error(w8, w8.spec().only(Set.of(name))), measured[l][1], name);
    }
  }

  @Test
  void correctedBiasesTakeMeansOutOfOneLayerAlone() throws IOException {
    double[][] plain = WidthNoise.of(w4, List.of(4), false).measured(images);
    double[][] corrected = WidthNoise.of(w4, List.of(4), true).measured(images);
    double before = 0;
    double after = 0;
    for (int l = 0; l < plain.length; l++) {
      before += plain[l][0];
      after += corrected[l][0];
    }
    assertTrue(after < before, after + " of " + before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"4.5bits", "5", "150%", "8", "12bits"})
  void theBudgetIsKeptAndTheErrorFalls(String budget) throws IOException {
    Mending after = within(budget, false).apply(w4, images).mending();
    double mean = WidthBudget.parse(budget).bits(4);
    double bits = 0;
    double weights = 0;
    for (Node node : after.network().graph().nodes()) {
      QuantizedTensor w = after.spec().weights(node.name()).orElse(null);
      if (w == null) {
        continue;
      }
      bits += (double) w.codes().length * w.params().getFirst().bits();
      weights += w.codes().length;
      QuantParams out = after.spec().output(node.name()).orElseThrow();
      assertEquals(Math.max(8, w.params().getFirst().bits()), out.bits(), node.name());
    }
    assertTrue(bits / weights <= mean, bits / weights + " bits");
    assertTrue(bits / weights > 4, "some are wider");
    assertTrue(error(after, after.spec()) < error(w4, w4.spec()), "the error falls");
  }

  @Test
  void moreBitsNeverMakeTheSumOfErrorsLarger() throws IOException {
    WidthNoise of = WidthNoise.of(w4, WIDTHS, false);
    double[][] noise = of.measured(images);
    double before = Double.POSITIVE_INFINITY;
    for (String budget : List.of("4", "5", "6", "8", "10", "16")) {
      Map<String, Integer> bits = weightBits(within(budget, false).within(w4, of, noise).mending());
      double sum = 0;
      for (int l = 0; l < noise.length; l++) {
        sum += noise[l][WIDTHS.indexOf(bits.get(of.layers().get(l).name()))];
      }
      assertTrue(sum <= before, budget + ": " + sum);
      before = sum;
    }
  }

  @Test
  void laterRemediesKeepTheWidths() throws IOException {
    Mending mixed = within("6bits", true).apply(w4, images).mending();
    assertTrue(Set.copyOf(weightBits(mixed).values()).size() > 1, "they differ");
    for (Remedy r : Remedy.all()) {
      if (r.name().equals("adaround") || r instanceof ChannelSplitting) {
        continue; // the one is slow; the other adds layers, and comes before
      }
      Mending after = r.apply(mixed, images).mending();
      assertEquals(weightBits(mixed), weightBits(after), r.name());
      assertEquals(outputBits(mixed), outputBits(after), r.name());
    }
  }

  @Test
  void aPlanRunsNothingAndKeepsTheBudget() {
    Remedy.Mended planned = within("5", true).choose(w4);
    assertFalse(planned.account().isEmpty());
    assertTrue(within("5", true).foresee(w4, true) > NoiseModel.of(w4).corrected(true).sqnrDb());
  }

  @ParameterizedTest
  @CsvSource({"8.5bits, 8.5", "8.5, 8.5", "1bit, 1", "60%, 4.8", "16 , 16"})
  void budgetsAreRead(String text, double bits) {
    assertEquals(bits, WidthBudget.parse(text).bits(8), 1e-12);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "eight", "-8", "8bytes", "1e9", "NaN", "8,5"})
  void otherTextsAreNoBudgets(String text) {
    assertThrows(IllegalArgumentException.class, () -> WidthBudget.parse(text));
  }
}
