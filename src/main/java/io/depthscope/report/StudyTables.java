package io.depthscope.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.depthscope.diagnosis.Claim;
import io.depthscope.diagnosis.NetworkSummary;
import io.depthscope.diagnosis.Phrases;
import io.depthscope.diagnosis.Study;
import io.depthscope.diagnosis.StudyNetwork;
import io.depthscope.quant.Granularity;
import io.depthscope.record.CsvText;
import io.depthscope.record.Figure;
import io.depthscope.record.MendAccount;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A study as {@code study.json} and {@code study.csv}; docs/results-schema.md has the fields. */
public final class StudyTables {
  private static final int SCHEMA_VERSION = 1;

  private StudyTables() {}

  private static Map<String, Object> row(Study.Entry e) {
    StudyNetwork n = e.network();
    NetworkSummary s = e.summary();
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("network", n.name());
    row.put("kind", n.kind());
    row.put("family", n.family());
    row.put("seed", n.seed());
    row.put("separable", s.separable());
    row.put("scheme", s.scheme().name());
    row.put("granularity", s.scheme().granularity().toString());
    for (Figure<NetworkSummary> f : NetworkSummary.FIGURES) {
      double value = f.of(s);
      row.put(f.name(), f.unit() == Figure.Unit.COUNT ? (Object) (long) value : (Object) value);
    }
    return row;
  }

  /** One row a run, with a header; numbers that are not finite are NaN, Infinity, -Infinity. */
  public static String csv(Study study) {
    return csvOf(study.entries().stream().map(StudyTables::row).toList());
  }

  private static String csvOf(List<Map<String, Object>> rows) {
    StringBuilder text = new StringBuilder();
    for (Map<String, Object> row : rows) {
      if (text.isEmpty()) {
        text.append(String.join(",", row.keySet())).append('\n');
      }
      List<String> cells = new ArrayList<>();
      row.values().forEach(v -> cells.add(CsvText.quoted(v.toString())));
      text.append(String.join(",", cells)).append('\n');
    }
    return text.toString();
  }

  /** A table as text. */
  public record Table(List<String> header, List<List<String>> rows) {}

  /** Top-1 of every network, in float32 and at every setting, in percent. */
  public static Table accuracies(Study study) {
    List<Study.Setting> settings = study.settings();
    List<String> header = new ArrayList<>(List.of("network", "float32"));
    settings.forEach(s -> header.add(text(s)));
    List<List<String>> rows = new ArrayList<>();
    for (StudyNetwork n : study.networks()) {
      List<String> row = new ArrayList<>(List.of(n.name()));
      row.add(
          settings.stream()
              .flatMap(s -> study.summary(n, s).stream())
              .findFirst()
              .map(s -> fixed(100 * s.accuracy().top1Fp32(), 2))
              .orElse(""));
      for (Study.Setting s : settings) {
        row.add(
            study.summary(n, s).map(x -> fixed(100 * x.accuracy().top1Quantized(), 2)).orElse(""));
      }
      rows.add(row);
    }
    return new Table(header, rows);
  }

  /** What the networks are compared by, at one setting. */
  public static Table figures(Study study, Study.Setting setting) {
    List<String> header =
        List.of(
            "network",
            "loss %",
            "QMSE",
            "QCE",
            "ratio w",
            "ratio a",
            "steps w",
            "steps a",
            "growth dB",
            "gain dB");
    List<List<String>> rows = new ArrayList<>();
    for (StudyNetwork n : study.networks()) {
      Optional<NetworkSummary> found = study.summary(n, setting);
      if (found.isPresent()) {
        NetworkSummary s = found.get();
        rows.add(
            List.of(
                n.name(),
                fixed(100 * s.accuracy().relativeAccuracyDrop(), 2),
                String.format(Locale.ROOT, "%.2g", s.classes().qmse()),
                fixed(s.classes().qce(), 3),
                fixed(s.weights().channelRangeRatio(), 3),
                fixed(s.activations().channelRangeRatio(), 3),
                fixed(s.weights().fluctuation(), 2),
                fixed(s.activations().fluctuation(), 2),
                fixed(s.errorGrowthDb(), 2),
                fixed(s.totalGainDb(), 1)));
      }
    }
    return new Table(header, rows);
  }

  /** What remedies made of the networks; no rows if they were not tried. */
  public static Table mended(Study study) {
    List<String> header =
        List.of("network", "setting", "float32", "as it was", "mended", "SQNR dB", "remedies");
    List<List<String>> rows = new ArrayList<>();
    for (Study.Mended m : study.mended()) {
      MendAccount a = m.account();
      rows.add(
          List.of(
              m.network().name(),
              text(NetworkSummary.setting(m.scheme())),
              fixed(100 * a.before().fp32Accuracy(), 2),
              fixed(100 * a.before().accuracy(), 2),
              fixed(100 * a.after().accuracy(), 2),
              fixed(a.before().sqnrDb(), 1) + " to " + fixed(a.after().sqnrDb(), 1),
              a.remedies().isEmpty() ? "none" : String.join(", ", a.remedies())));
    }
    return new Table(header, rows);
  }

  private static Map<String, Object> row(Study.Mended m) {
    MendAccount a = m.account();
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("network", m.network().name());
    row.put("kind", m.network().kind());
    row.put("family", m.network().family());
    row.put("seed", m.network().seed());
    row.put("scheme", m.scheme().name());
    row.put("granularity", m.scheme().granularity().toString());
    row.put("bits", NetworkSummary.setting(m.scheme()).bits());
    row.put("images", a.after().images());
    row.put("top1Fp32", a.before().fp32Accuracy());
    row.put("top1Quantized", a.before().accuracy());
    row.put("top1Mended", a.after().accuracy());
    row.put("logitSqnrDb", a.before().sqnrDb());
    row.put("logitSqnrDbMended", a.after().sqnrDb());
    row.put("fp32Change", a.after().fp32Change());
    row.put("remedies", String.join(" ", a.remedies()));
    return row;
  }

  /** One row a mended network, with a header; empty if there is none. */
  public static String mendedCsv(Study study) {
    return csvOf(study.mended().stream().map(StudyTables::row).toList());
  }

  /** Empty for what does not apply. */
  private static String fixed(double x, int digits) {
    return Double.isNaN(x) ? "" : Phrases.fixed(x, digits);
  }

  /** Bits, and T for one scale a tensor of weights, C for one a channel: {@code 8T}. */
  public static String text(Study.Setting s) {
    return s.bits() + (s.granularity() == Granularity.PER_TENSOR ? "T" : "C");
  }

  /**
   * The study and its claims.
   *
   * @param provenance where the numbers come from
   */
  public static ObjectNode json(Study study, List<Claim> claims, Map<String, Object> provenance) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("schemaVersion", SCHEMA_VERSION);
    root.put("data", study.data());
    root.put("images", study.images());
    ArrayNode runs = root.putArray("runs");
    for (Study.Entry e : study.entries()) {
      ObjectNode node = runs.addObject();
      row(e).forEach((name, value) -> node.putPOJO(name, value));
    }
    ArrayNode mended = root.putArray("mended");
    for (Study.Mended m : study.mended()) {
      ObjectNode node = mended.addObject();
      row(m).forEach((name, value) -> node.putPOJO(name, value));
    }
    ArrayNode list = root.putArray("claims");
    for (Claim c : claims) {
      ObjectNode node = list.addObject();
      node.put("number", c.number());
      node.put("statement", c.statement());
      node.put("verdict", c.verdict().toString());
      ArrayNode evidence = node.putArray("evidence");
      for (Claim.Evidence e : c.evidence()) {
        evidence
            .addObject()
            .put("statement", e.statement())
            .put("difference", e.difference())
            .put("threshold", e.threshold())
            .put("noise", e.noise())
            .put("counts", e.counts())
            .put("verdict", e.verdict().toString());
      }
    }
    root.putPOJO("provenance", provenance);
    return root;
  }
}
