package io.depthscope.diagnosis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.record.Run;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Verdicts follow from the numbers, in both directions, and are not given where nothing tells. */
class ClaimsTest {
  private static final double DROP_OF_REGULAR = 0.004;

  /** What a planted network measures, at 8 bits and one scale a tensor. */
  private record Planted(
      double drop,
      double weightRatio,
      double narrow,
      double fluctuation,
      double growthDb,
      double gainDb) {

    NetworkSummary summary(int bits, long images) {
      QuantFormat format = QuantFormat.asymmetric(bits);
      NetworkSummary.Ranges ranges = new NetworkSummary.Ranges(weightRatio, narrow, fluctuation);
      return new NetworkSummary(
          new QuantScheme(
              Optional.of(format),
              Optional.of(format),
              Granularity.PER_TENSOR,
              new RangeEstimator.MinMax(),
              new RangeEstimator.MinMax()),
          true,
          8,
          1_000_000,
          new Run.Network(
              images,
              0,
              Optional.of(new Run.Accuracy(0.8, 0.8 * (1 - drop), 0.9, 0.9, drop)),
              Optional.of(new Run.Classes(0.98, 1e-4, 0.4, 20))),
          Math.abs(drop) + 0.02,
          Math.abs(drop) + 0.01,
          ranges,
          ranges,
          growthDb,
          gainDb);
    }
  }

  private static final Planted REGULAR = new Planted(DROP_OF_REGULAR, 0.6, 0.2, 0.5, 0.1, 2);
  private static final Planted BAD = new Planted(0.10, 0.3, 0.8, 1.0, 1.0, 12);
  private static final Planted BETTER = new Planted(0.001, 0.7, 0.1, 0.4, 0.0, 1);

  private static Study.Entry entry(String name, Planted planted) {
    return entry(name, planted, 8, 10_000);
  }

  private static Study.Entry entry(String name, Planted planted, int bits, long images) {
    String family = name.startsWith("mobilenet") ? "mobilenet-v1" : name.replaceFirst("-.*", "");
    return new Study.Entry(StudyNetwork.of(name, family), planted.summary(bits, images));
  }

  private static List<Claim> judge(Study.Entry... entries) {
    return judge(Arrays.asList(entries));
  }

  private static List<Claim> judge(List<Study.Entry> entries) {
    return Claims.judge(
        new Study("planted", entries.getFirst().summary().network().images(), entries, List.of()));
  }

  private static List<Verdict> verdicts(Study.Entry... entries) {
    List<Claim> claims = judge(entries);
    assertEquals(List.of(1, 2, 3, 4), claims.stream().map(Claim::number).toList());
    return claims.stream().map(Claim::verdict).toList();
  }

  @Test
  void aSeparableNetworkThatIsWorseEverywhereSupportsAllClaims() {
    assertEquals(
        List.of(Verdict.SUPPORTED, Verdict.SUPPORTED, Verdict.SUPPORTED, Verdict.SUPPORTED),
        verdicts(entry("regular-cnn", REGULAR), entry("dws-cnn", BAD)));
  }

  @Test
  void oneThatIsBetterEverywhereSupportsNone() {
    assertEquals(
        List.of(
            Verdict.NOT_SUPPORTED,
            Verdict.NOT_SUPPORTED,
            Verdict.NOT_SUPPORTED,
            Verdict.NOT_SUPPORTED),
        verdicts(entry("regular-cnn", REGULAR), entry("dws-cnn", BETTER)));
  }

  @Test
  void equalTwinsSupportNone() {
    assertEquals(
        Verdict.NOT_SUPPORTED,
        verdicts(entry("regular-cnn", REGULAR), entry("dws-cnn", REGULAR)).getFirst());
  }

  @Test
  void withoutTwinsNothingIsJudged() {
    assertEquals(
        List.of(Verdict.NOT_JUDGED, Verdict.NOT_JUDGED, Verdict.NOT_JUDGED, Verdict.NOT_JUDGED),
        verdicts(entry("dws-cnn", BAD), entry("resnet-8", REGULAR)));
    // A twin is a twin of the same variant only.
    assertEquals(
        Verdict.NOT_JUDGED,
        verdicts(entry("dws-cnn-nobn", BAD), entry("regular-cnn", REGULAR)).getFirst());
  }

  @Test
  void mobileNetDecidesTheFirstClaimWithTheTwins() {
    Planted destroyed = new Planted(0.9, 0.3, 0.8, 1.0, 1.0, 12);
    assertEquals(
        Verdict.SUPPORTED,
        verdicts(
                entry("regular-cnn", REGULAR),
                entry("dws-cnn", BAD),
                entry("mobilenet-v1-0.25", destroyed))
            .getFirst());
    assertEquals(
        Verdict.MIXED,
        verdicts(
                entry("regular-cnn", REGULAR),
                entry("dws-cnn", BAD),
                entry("mobilenet-v1-0.25", BETTER))
            .getFirst());
  }

  @Test
  void aDifferenceWithinTheSpreadOfSeedsIsMixed() {
    List<Study.Entry> entries = new ArrayList<>();
    double[] drops = {0.001, 0.03, 0.08};
    for (int i = 0; i < drops.length; i++) {
      String seed = i == 0 ? "" : "-seed" + (i + 1);
      entries.add(entry("regular-cnn" + seed, REGULAR));
      entries.add(entry("dws-cnn" + seed, new Planted(drops[i], 0.3, 0.8, 1, 1, 12)));
    }
    List<Claim> claims = judge(entries);
    Claim.Evidence drop = claims.getFirst().evidence().get(1); // after: no MobileNet
    assertEquals(Verdict.MIXED, drop.verdict());
    // Pooled with the regular ones, which do not differ: 4 degrees of freedom, t = 2.78.
    double mean = (0.001 + 0.03 + 0.08) / 3;
    double squares = 0;
    for (double d : drops) {
      squares += (d - mean) * (d - mean);
    }
    assertEquals(2.78 * Math.sqrt(squares / 4 * (2.0 / 3)), drop.noise(), 1e-12);
    assertEquals(mean - DROP_OF_REGULAR, drop.difference(), 1e-12);
    assertTrue(drop.statement().contains("±"), drop::statement);
  }

  @Test
  void whatOneNetworkLosesIsUncertainByTwoStandardErrors() {
    Claim.Evidence lost =
        judge(entry("mobilenet-v1", BAD)).getFirst().evidence().stream()
            .filter(e -> e.verdict() != Verdict.NOT_JUDGED)
            .findFirst()
            .orElseThrow();
    assertEquals(2 * Math.sqrt((0.10 + 0.01) / 10_000) / 0.8, lost.noise(), 1e-12);
  }

  /** ReLU6 gives every hidden layer the same range; a tenth of nothing is no threshold. */
  @Test
  void nextToNothingIsNoFluctuation() {
    Planted steady = new Planted(DROP_OF_REGULAR, 0.6, 0.2, 0, 0.1, 2);
    Planted nearly = new Planted(DROP_OF_REGULAR, 0.6, 0.2, 0.01, 0.1, 2);
    assertEquals(
        Verdict.NOT_SUPPORTED,
        verdicts(entry("regular-cnn", steady), entry("dws-cnn", nearly)).get(1));
    Planted little = new Planted(DROP_OF_REGULAR, 0.6, 0.2, 0.03, 0.1, 2);
    assertEquals(
        Verdict.SUPPORTED, verdicts(entry("regular-cnn", steady), entry("dws-cnn", little)).get(1));
  }

  @Test
  void nothingHasNoSign() {
    Planted nearly = new Planted(DROP_OF_REGULAR, 0.6, 0.2, 0.499, 0.1, 2);
    Claim second = judge(entry("regular-cnn", REGULAR), entry("dws-cnn", nearly)).get(1);
    String statement = second.evidence().getFirst().statement();
    assertTrue(statement.contains("difference 0.00, threshold 0.05"), statement);
  }

  @Test
  void aLossThatFewImagesShowIsNotCalledDestruction() {
    Planted half = new Planted(0.5, 0.3, 0.8, 1, 1, 12);
    for (long images : new long[] {10, 2000}) {
      assertEquals(
          images == 10 ? Verdict.MIXED : Verdict.SUPPORTED,
          judge(entry("mobilenet-v1", half, 8, images)).getFirst().verdict());
    }
  }

  @Test
  void fewImagesCannotTellASmallDifference() {
    Planted little = new Planted(0.02, 0.3, 0.8, 1, 1, 12);
    for (long images : new long[] {100, 100_000}) {
      assertEquals(
          images == 100 ? Verdict.MIXED : Verdict.SUPPORTED,
          judge(entry("regular-cnn", REGULAR, 8, images), entry("dws-cnn", little, 8, images))
              .getFirst()
              .verdict());
    }
  }

  @Test
  void otherBitWidthsAreShownAndDoNotCount() {
    Claim first =
        judge(
                entry("regular-cnn", REGULAR),
                entry("dws-cnn", BETTER),
                entry("regular-cnn", REGULAR, 4, 10_000),
                entry("dws-cnn", BAD, 4, 10_000))
            .getFirst();
    assertEquals(Verdict.NOT_SUPPORTED, first.verdict());
    assertEquals(3, first.evidence().size());
    assertEquals(Verdict.SUPPORTED, first.evidence().getLast().verdict());
    assertEquals(
        List.of(true, true, false), first.evidence().stream().map(Claim.Evidence::counts).toList());
  }

  @Test
  void aNetworkThatIsNeverRightIsNotJudged() {
    Planted never = new Planted(Double.NaN, 0.3, 0.8, 1, 1, 12);
    Claim first = judge(entry("mobilenet-v1", never)).getFirst();
    assertEquals(Verdict.NOT_JUDGED, first.verdict());
  }

  @Test
  void narrowChannelsOfTheTwinAreNoMismatchOfTheOther() {
    Planted narrowRegular = new Planted(DROP_OF_REGULAR, 0.6, 0.9, 0.5, 0.1, 2);
    Claim third = judge(entry("regular-cnn", narrowRegular), entry("dws-cnn", BAD)).get(2);
    assertEquals(Verdict.MIXED, third.verdict());
  }

  @Test
  void seedsAreReadFromNames() {
    assertEquals(
        new StudyNetwork("dws-cnn-seed3", "dws-cnn", "dws-cnn", 3),
        StudyNetwork.of("dws-cnn-seed3", "dws-cnn"));
    assertEquals(1, StudyNetwork.of("dws-cnn-seedling", "dws-cnn").seed());
  }
}
