package io.depthscope.diagnosis;

import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantScheme;
import io.depthscope.record.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A setting in which two runs differ.
 *
 * @param kind what it says about comparing them
 * @param name in words
 * @param a its value in the first run
 */
public record SettingChange(Kind kind, String name, String a, String b) {
  private static final String ABSENT = "not recorded";

  /** What a difference means. */
  public enum Kind {
    /** Another network or other images: the figures are of different things. */
    SUBJECT,
    /** How it was quantized or measured: what a comparison is usually about. */
    METHOD,
    /** The program that measured. */
    PROGRAM
  }

  /** All settings that differ and on which numbers depend; subjects first. */
  static List<SettingChange> between(Run a, Run b) {
    Collector c = new Collector(a, b);
    c.put(Kind.SUBJECT, "network", a.model(), b.model());
    c.manifest(Kind.SUBJECT, "weights (sha256)", "weightsSha256");
    c.manifest(Kind.SUBJECT, "network's settings", "network");
    c.manifest(Kind.SUBJECT, "data (fingerprint)", "dataFingerprint");
    c.put(Kind.SUBJECT, "images", a.network().images(), b.network().images());
    c.put(Kind.SUBJECT, "skipped images", skipped(a), skipped(b));
    c.manifest(Kind.SUBJECT, "preprocessing", "preprocessing");
    c.manifest(Kind.SUBJECT, "channel order", "channelOrder");
    c.manifest(Kind.SUBJECT, "mean", "mean");
    c.manifest(Kind.SUBJECT, "standard deviation", "std");
    QuantScheme x = a.scheme();
    QuantScheme y = b.scheme();
    c.put(Kind.METHOD, "weights", text(x.weights()), text(y.weights()));
    c.put(Kind.METHOD, "activations", text(x.activations()), text(y.activations()));
    c.put(Kind.METHOD, "granularity", x.granularity(), y.granularity());
    c.put(
        Kind.METHOD,
        "range of activations",
        x.activationRange().name(),
        y.activationRange().name());
    c.put(Kind.METHOD, "range of weights", x.weightRange().name(), y.weightRange().name());
    c.put(Kind.METHOD, "feed", a.feed(), b.feed());
    c.manifest(Kind.METHOD, "calibration images", "calibrationSource");
    c.put(
        Kind.METHOD, "number of calibration images", a.calibrationImages(), b.calibrationImages());
    c.manifest(Kind.PROGRAM, "backend", "backend");
    c.put(Kind.PROGRAM, "backend details", details(a), details(b));
    c.manifest(Kind.PROGRAM, "version", "version");
    c.manifest(Kind.PROGRAM, "commit", "commit");
    return List.copyOf(c.changes);
  }

  /** Device and arithmetic, as of --matmul; without the threads, on which no number depends. */
  private static String details(Run run) {
    return String.valueOf(run.manifest().getOrDefault("backendDescription", ABSENT))
        .replaceFirst("^\\d+ threads?, ", "");
  }

  private static long skipped(Run run) {
    return run.network().skippedImages();
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

  /** Collects what differs. */
  private static final class Collector {
    final List<SettingChange> changes = new ArrayList<>();
    private final Run a;
    private final Run b;

    Collector(Run a, Run b) {
      this.a = a;
      this.b = b;
    }

    void put(Kind kind, String name, Object inA, Object inB) {
      if (!Objects.equals(inA, inB)) {
        changes.add(new SettingChange(kind, name, String.valueOf(inA), String.valueOf(inB)));
      }
    }

    void manifest(Kind kind, String name, String key) {
      put(
          kind,
          name,
          a.manifest().getOrDefault(key, ABSENT),
          b.manifest().getOrDefault(key, ABSENT));
    }
  }
}
