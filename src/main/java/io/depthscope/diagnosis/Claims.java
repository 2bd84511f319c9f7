package io.depthscope.diagnosis;

import io.depthscope.quant.Granularity;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * Holds the four claims of the paper against a study. A verdict follows from the numbers by rules
 * written here (and in docs/study.md) alone: a difference speaks for a claim if it has its sign,
 * reaches its threshold and exceeds its noise, where that is known; with the sign alone it is
 * mixed.
 */
public final class Claims {
  /** The claims speak of weights with one scale a tensor. */
  private static final Granularity GRANULARITY = Granularity.PER_TENSOR;

  /** The bits that the paper speaks of. */
  private static final int BITS = 8;

  /** Lost accuracy, relative to that in float32: less than a point more is no difference. */
  private static final double DROP = 0.01;

  /** "Far more": at least twice as much as the regular twin loses. */
  private static final double FAR_MORE = 2;

  /** "Destroyed": more than half of the accuracy is gone; below the other, nearly none. */
  private static final double DESTROYED = 0.5;

  private static final double HARMLESS = 0.05;

  /** Ranges and ratios that differ by less than a tenth are called equal. */
  private static final double TENTH = 0.1;

  /** In octaves or of ratios, less than this is no difference, whatever a tenth of nothing is. */
  private static final double SMALLEST = 0.02;

  /** "Most channels". */
  private static final double MOST = 0.5;

  /** Growth of the error that matters: dB over the whole network, and dB a layer. */
  private static final double GAIN_DB = 1;

  private static final double GROWTH_DB = 0.1;

  private static final String MOBILENET = "mobilenet-v1";

  private final Study study;
  private final List<String> twins;

  private Claims(Study study) {
    this.study = study;
    this.twins = study.separableTwins();
  }

  /** Judges all four. */
  public static List<Claim> judge(Study study) {
    Claims claims = new Claims(study);
    return List.of(
        Claim.of(
            1,
            "Simple 8-bit quantization after training destroys MobileNet-V1, and hurts small"
                + " depthwise-separable networks far more than regular ones.",
            claims.accuracy()),
        Claim.of(
            2,
            "Dynamic ranges fluctuate more from layer to layer in depthwise-separable networks.",
            claims.fluctuation()),
        Claim.of(
            3,
            "The distributions of channels and layer mismatch in depthwise-separable networks: most"
                + " channels use a small part of the layer's range.",
            claims.mismatch()),
        Claim.of(
            4,
            "The quantization error grows faster with depth in depthwise-separable networks.",
            claims.growth()));
  }

  private List<Study.Setting> perTensor() {
    return study.settings().stream().filter(s -> s.granularity() == GRANULARITY).toList();
  }

  /** Figures of fp32 values are the same at all settings; the one with most bits is taken. */
  private Optional<Study.Setting> widest() {
    return perTensor().stream().findFirst();
  }

  private List<Claim.Evidence> accuracy() {
    List<Claim.Evidence> counting = new ArrayList<>();
    List<Claim.Evidence> beyond = new ArrayList<>();
    if (study.networks().stream().noneMatch(n -> n.family().equals(MOBILENET))) {
      counting.add(absent("no MobileNet-V1 in this study: of it, nothing is judged"));
    }
    if (twins.isEmpty()) {
      counting.add(absent("no separable network with its regular twin in this study"));
    }
    for (Study.Setting s : perTensor()) {
      List<Claim.Evidence> list = s.bits() == BITS ? counting : beyond;
      for (StudyNetwork n : study.networks()) {
        if (n.family().equals(MOBILENET)) {
          study.summary(n, s).ifPresent(x -> list.add(destroyed(n, s, x)));
        }
      }
      for (String kind : twins) {
        TwinComparison c =
            compare(kind, s, x -> x.accuracy().relativeAccuracyDrop(), Claims::dropError);
        double threshold = Math.max(DROP, (FAR_MORE - 1) * TwinComparison.mean(c.regular()));
        list.add(
            c.judge(
                s.bits() + " bits, accuracy lost", " %", 100, 1, 0, threshold, s.bits() == BITS));
      }
    }
    counting.addAll(beyond);
    return counting;
  }

  private static Claim.Evidence absent(String statement) {
    return new Claim.Evidence(
        statement, Double.NaN, Double.NaN, Double.NaN, true, Verdict.NOT_JUDGED);
  }

  private static Claim.Evidence destroyed(
      StudyNetwork network, Study.Setting setting, NetworkSummary s) {
    double drop = s.accuracy().relativeAccuracyDrop();
    double noise = TwinComparison.NORMAL * dropError(s);
    return new Claim.Evidence(
        String.format(
            Locale.ROOT,
            "%d bits: %s falls from %.2f %% to %.2f %%, %.2f %% of its accuracy",
            setting.bits(),
            network.name(),
            100 * s.accuracy().top1Fp32(),
            100 * s.accuracy().top1Quantized(),
            100 * drop),
        drop - HARMLESS,
        DESTROYED - HARMLESS,
        noise,
        setting.bits() == BITS,
        Double.isNaN(drop)
            ? Verdict.NOT_JUDGED
            : drop >= DESTROYED && !(drop - HARMLESS <= noise)
                ? Verdict.SUPPORTED
                : drop <= HARMLESS ? Verdict.NOT_SUPPORTED : Verdict.MIXED);
  }

  /** Standard error of the drop: only images that turned right or wrong make a difference. */
  private static double dropError(NetworkSummary s) {
    return Math.sqrt(s.turned() / s.network().images()) / s.accuracy().top1Fp32();
  }

  private List<Claim.Evidence> fluctuation() {
    List<Claim.Evidence> evidence = new ArrayList<>();
    for (String kind : twinsWhere(widest())) {
      Study.Setting s = widest().orElseThrow();
      evidence.add(
          byTenth(
              kind,
              s,
              x -> x.weights().fluctuation(),
              1,
              "range fluctuation of weights",
              " octaves"));
      evidence.add(
          byTenth(
              kind,
              s,
              x -> x.activations().fluctuation(),
              1,
              "range fluctuation of activations",
              " octaves"));
    }
    return evidence;
  }

  private List<Claim.Evidence> mismatch() {
    List<Claim.Evidence> evidence = new ArrayList<>();
    for (String kind : twinsWhere(widest())) {
      Study.Setting s = widest().orElseThrow();
      evidence.add(
          byTenth(
              kind,
              s,
              x -> x.weights().channelRangeRatio(),
              -1,
              "channelRangeRatio of weights",
              ""));
      evidence.add(
          byTenth(
              kind,
              s,
              x -> x.activations().channelRangeRatio(),
              -1,
              "channelRangeRatio of activations",
              ""));
      evidence.add(most(kind, s, "weights", x -> x.weights().narrowChannels()));
      evidence.add(most(kind, s, "activations", x -> x.activations().narrowChannels()));
    }
    return evidence;
  }

  /** More than half of the channels, and more than of the twin. */
  private Claim.Evidence most(
      String kind, Study.Setting s, String tensor, ToDoubleFunction<NetworkSummary> share) {
    TwinComparison c = compare(kind, s, share, x -> Double.NaN);
    double narrow = TwinComparison.mean(c.separable());
    double regular = TwinComparison.mean(c.regular());
    return new Claim.Evidence(
        String.format(
            Locale.ROOT,
            "channels that use less than half of the layer's range, %s: %.0f %% of %s against"
                + " %.0f %% of %s (most: over %.0f %%)",
            tensor,
            100 * narrow,
            kind,
            100 * regular,
            c.twin(),
            100 * MOST),
        narrow - MOST,
        0,
        Double.NaN,
        true,
        Double.isNaN(narrow)
            ? Verdict.NOT_JUDGED
            : narrow <= MOST
                ? Verdict.NOT_SUPPORTED
                : narrow > regular ? Verdict.SUPPORTED : Verdict.MIXED);
  }

  private List<Claim.Evidence> growth() {
    List<Claim.Evidence> counting = new ArrayList<>();
    List<Claim.Evidence> beyond = new ArrayList<>();
    for (Study.Setting s : perTensor()) {
      boolean counts = s.bits() == BITS;
      for (String kind : twins) {
        List<Claim.Evidence> list = counts ? counting : beyond;
        list.add(
            compare(kind, s, NetworkSummary::totalGainDb, x -> Double.NaN)
                .judge(
                    s.bits() + " bits, growth of NSR from the first layer to the last",
                    " dB",
                    1,
                    1,
                    0,
                    GAIN_DB,
                    counts));
        list.add(
            compare(kind, s, NetworkSummary::errorGrowthDb, x -> Double.NaN)
                .judge(
                    s.bits() + " bits, growth of NSR a layer", " dB", 1, 1, 0, GROWTH_DB, counts));
      }
    }
    counting.addAll(beyond);
    return counting;
  }

  private List<String> twinsWhere(Optional<Study.Setting> setting) {
    return setting.isPresent() ? twins : List.of();
  }

  private TwinComparison compare(
      String kind,
      Study.Setting setting,
      ToDoubleFunction<NetworkSummary> figure,
      ToDoubleFunction<NetworkSummary> standardError) {
    return TwinComparison.of(study, kind, setting, figure, standardError);
  }

  private Claim.Evidence byTenth(
      String kind,
      Study.Setting setting,
      ToDoubleFunction<NetworkSummary> figure,
      int sign,
      String name,
      String unit) {
    TwinComparison c = compare(kind, setting, figure, x -> Double.NaN);
    double tenth = Math.max(SMALLEST, TENTH * TwinComparison.mean(c.regular()));
    return c.judge(name, unit, 1, sign, SMALLEST, tenth, true);
  }
}
