package io.depthscope.record;

import io.depthscope.dataset.Preprocessing;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantScheme;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * One part of a {@link RunSpec}: what files and people call it, and what a difference in it means.
 * The manifest, the identity of an interrupted run, and the comparison of two runs all iterate over
 * {@link #ALL}, and know no setting by name.
 *
 * @param key its name in the manifest and a checkpoint
 * @param kind what it says about comparing two runs
 * @param identity true if two parts of one run must share it
 * @param planned its value in a run that is to be made; empty as long as it is not known
 * @param measured its values in a finished run, by what people call them: one, or several where it
 *     has parts; none if it is not compared
 */
public record RunSetting(
    String key,
    Kind kind,
    boolean identity,
    Function<RunSpec, Optional<Object>> planned,
    Function<Run, Map<String, Object>> measured) {

  /** What a difference means; the order is that of comparisons. */
  public enum Kind {
    /** Another network or other images: the figures are of different things. */
    SUBJECT,
    /** How it was quantized or measured: what a comparison is usually about. */
    METHOD,
    /** The program that measured. */
    PROGRAM,
    /** No number depends on it. */
    CIRCUMSTANCE
  }

  /** How a calibration on the first images begins, as it was asked for. */
  public static final String FIRST = "the first ";

  private static final String NOT_RECORDED = "not recorded";

  private static final String BY_SCHEME = "by the scheme";
  private static final String IN_A_FILE = "as written in a file";
  private static final String AS_WRITTEN = IN_A_FILE + ", sha256 ";

  public static final RunSetting BACKEND =
      recorded("backend", "backend", Kind.PROGRAM, s -> s.engine().name());

  public static final RunSetting VERSION =
      recorded("version", "version", Kind.PROGRAM, s -> s.build().version());

  public static final RunSetting COMMIT =
      recorded("commit", "commit", Kind.PROGRAM, s -> s.build().commitText());

  public static final RunSetting BACKEND_DESCRIPTION =
      circumstance("backendDescription", s -> s.engine().description());

  public static final RunSetting BACKEND_CHOICE =
      circumstance("backendChoice", s -> s.engine().choice());

  public static final RunSetting THREADS =
      circumstance("threads", s -> s.circumstances().threads());

  public static final RunSetting WEIGHTS =
      recorded("weightsSha256", "weights (sha256)", Kind.SUBJECT, s -> s.network().weightsSha256());

  public static final RunSetting DATA = circumstance("data", s -> s.images().description());

  public static final RunSetting DATA_FINGERPRINT =
      recorded(
          "dataFingerprint", "data (fingerprint)", Kind.SUBJECT, s -> s.images().fingerprint());

  public static final RunSetting CALIBRATION_IMAGES =
      new RunSetting(
          "calibrationImages",
          Kind.METHOD,
          false,
          s -> s.ranges().seen().map(RunSpec.Ranges.Seen::images),
          r -> Map.of("number of calibration images", r.calibrationImages()));

  /** Whether the scheme made the parameters of the tensors or a file had them. */
  public static final RunSetting PARAMETERS =
      new RunSetting(
          "parameters",
          Kind.METHOD,
          true,
          s -> Optional.of(s.ranges().written().map(AS_WRITTEN::concat).orElse(BY_SCHEME)),
          r -> Map.of("parameters", r.manifest().getOrDefault("parameters", BY_SCHEME)));

  /** What was done to the network so that it quantizes better; the file of its weights has it. */
  public static final RunSetting REMEDIES =
      new RunSetting(
          "remedies",
          Kind.METHOD,
          false,
          s -> Optional.of(s.network().remedies()),
          r -> Map.of("remedies", remedies(r).isEmpty() ? "none" : String.join(", ", remedies(r))));

  /** Of how many images the errors are split by their sources: the number and the setting tell. */
  public static final RunSetting SOURCE_IMAGES =
      new RunSetting(
          "errorSourceImages",
          Kind.METHOD,
          false,
          s -> Optional.of(s.recording().sourceImages(s.images().count())),
          r -> Map.of());

  /** All of them, in the order in which they are written. */
  public static final List<RunSetting> ALL =
      List.of(
          BACKEND,
          recorded("backendNumerics", "backend details", Kind.PROGRAM, s -> s.engine().numerics()),
          VERSION,
          COMMIT,
          BACKEND_DESCRIPTION,
          BACKEND_CHOICE,
          THREADS,
          circumstance("batch", s -> s.circumstances().batch()),
          figure("model", Kind.SUBJECT, s -> s.network().name(), r -> Map.of("network", r.model())),
          circumstance("family", s -> s.network().family()), // the configuration has it
          circumstance("naming", s -> s.network().naming()),
          circumstance("weightsFile", s -> s.network().file()),
          WEIGHTS,
          recorded("network", "network's settings", Kind.SUBJECT, s -> s.network().configuration()),
          circumstance("networkSettings", s -> s.network().settings()),
          REMEDIES,
          DATA,
          DATA_FINGERPRINT,
          figure("images", Kind.SUBJECT, s -> s.images().count(), RunSetting::images),
          figure( // what is known of them does not change what is measured
              "labels", Kind.SUBJECT, s -> s.images().labelled() ? "known" : "none", r -> Map.of()),
          circumstance("leftOut", s -> s.images().leftOut()),
          recorded(
              "preprocessing",
              "preprocessing",
              Kind.SUBJECT,
              s -> prepared(s, Preprocessing::geometryText)),
          circumstance( // the preprocessing has it
              "interpolation", s -> prepared(s, p -> p.interpolation().word())),
          recorded(
              "channelOrder",
              "channel order",
              Kind.SUBJECT,
              s -> prepared(s, Preprocessing::colours)),
          recorded("mean", "mean", Kind.SUBJECT, s -> prepared(s, Preprocessing::mean)),
          recorded("std", "standard deviation", Kind.SUBJECT, s -> prepared(s, Preprocessing::std)),
          figure("scheme", Kind.METHOD, s -> s.scheme().toString(), r -> schemeParts(r.scheme())),
          recorded("quantizePolicy", "quantized outputs", Kind.METHOD, s -> s.policy().word()),
          figure("feed", Kind.METHOD, s -> s.feed().toString(), r -> Map.of("feed", r.feed())),
          figure( // without them the other figures are the same
              "errorSources", Kind.METHOD, s -> s.recording().errorTerms(), r -> Map.of()),
          SOURCE_IMAGES,
          circumstance("strict", s -> s.circumstances().strict()),
          PARAMETERS,
          figure("calibration", Kind.METHOD, s -> s.ranges().asked(), r -> Map.of()),
          new RunSetting(
              "calibrationSource",
              Kind.METHOD,
              false,
              s -> s.ranges().seen().map(RunSpec.Ranges.Seen::source),
              inManifest("calibrationSource", "calibration images")),
          CALIBRATION_IMAGES,
          circumstance("seed", s -> s.circumstances().seed()),
          circumstance("memoryCeilingBytes", s -> s.circumstances().memoryCeilingBytes()));

  private static Object prepared(RunSpec spec, Function<Preprocessing, Object> setting) {
    return spec.preprocessing().map(setting).orElse(RunSpec.AS_IT_IS);
  }

  /** One that a finished run has in its manifest alone. */
  private static RunSetting recorded(
      String key, String words, Kind kind, Function<RunSpec, Object> planned) {
    return new RunSetting(
        key, kind, true, s -> Optional.of(planned.apply(s)), inManifest(key, words));
  }

  /** One that a finished run has among its results. */
  private static RunSetting figure(
      String key,
      Kind kind,
      Function<RunSpec, Object> planned,
      Function<Run, Map<String, Object>> measured) {
    return new RunSetting(key, kind, true, s -> Optional.of(planned.apply(s)), measured);
  }

  private static RunSetting circumstance(String key, Function<RunSpec, Object> planned) {
    return new RunSetting(
        key, Kind.CIRCUMSTANCE, false, s -> Optional.of(planned.apply(s)), r -> Map.of());
  }

  private static Function<Run, Map<String, Object>> inManifest(String key, String words) {
    return r -> Map.of(words, Objects.requireNonNullElse(r.manifest().get(key), NOT_RECORDED));
  }

  private static Map<String, Object> images(Run run) {
    Map<String, Object> parts = new LinkedHashMap<>();
    parts.put("images", run.network().images());
    parts.put("skipped images", run.network().skippedImages());
    return parts;
  }

  private static Map<String, Object> schemeParts(QuantScheme scheme) {
    Map<String, Object> parts = new LinkedHashMap<>();
    parts.put("weights", text(scheme.weights()));
    parts.put("activations", text(scheme.activations()));
    parts.put("granularity", scheme.granularity());
    parts.put("range of activations", scheme.activationRange().name());
    parts.put("range of weights", scheme.weightRange().name());
    return parts;
  }

  private static String text(Optional<QuantFormat> format) {
    return format
        .map(
            f ->
                f.bits()
                    + " bits, "
                    + (f.signed() ? "signed, " : "unsigned, ")
                    + (f.symmetric() ? "symmetric" : "asymmetric"))
        .orElse("float32");
  }

  /** What the manifest of a finished run has; empty if it lacks this setting. */
  public Optional<Object> recordedIn(Run run) {
    return Optional.ofNullable(run.manifest().get(key));
  }

  /**
   * True if a file had the parameters of a run's tensors; they may then have nothing to do with its
   * scheme, which is only what the file says of itself.
   */
  public static boolean asWritten(Run run) {
    return PARAMETERS.recordedIn(run).filter(p -> p.toString().startsWith(IN_A_FILE)).isPresent();
  }

  /** Names of the remedies that were used on a run's network, in their order. */
  public static List<String> remedies(Run run) {
    return REMEDIES.recordedIn(run).filter(List.class::isInstance).stream()
        .flatMap(names -> ((List<?>) names).stream())
        .map(String::valueOf)
        .toList();
  }

  /** How a run was quantized, for titles: {@code w8a8 per-tensor}, or that a file had it. */
  public static String quantization(Run run) {
    return asWritten(run)
        ? IN_A_FILE
        : run.scheme().weights().isEmpty()
            ? run.scheme().name()
            : run.scheme().name() + " " + run.scheme().granularity();
  }

  /** True if a run was calibrated on the first images of several, by what was asked for. */
  public static boolean calibratesOnFirst(Run run) {
    return String.valueOf(run.manifest().get("calibration")).startsWith(FIRST);
  }

  /** What two parts of one run must share, by key. */
  static Map<String, String> identity(RunSpec spec) {
    Map<String, String> all = new TreeMap<>();
    for (RunSetting s : ALL) {
      if (s.identity()) {
        all.put(s.key(), s.planned().apply(spec).orElseThrow().toString());
      }
    }
    return all;
  }

  /** What is known of a run before it is finished, by key, in the order of {@link #ALL}. */
  static Map<String, Object> manifest(RunSpec spec) {
    Map<String, Object> all = new LinkedHashMap<>();
    for (RunSetting s : ALL) {
      s.planned().apply(spec).ifPresent(value -> all.put(s.key(), value));
    }
    return all;
  }

  /**
   * Where a finished run is not what a spec would give, by its manifest: the keys, what was, and
   * what is.
   */
  public static List<String> differences(RunSpec spec, Run finished) {
    List<String> all = new ArrayList<>();
    identity(spec)
        .forEach(
            (key, value) -> {
              String was = String.valueOf(finished.manifest().get(key));
              if (!was.equals(value)) {
                all.add(key + " " + was + ", not " + value);
              }
            });
    return all;
  }
}
