package io.depthscope.cli;

import io.depthscope.diagnosis.Claim;
import io.depthscope.diagnosis.NetworkSummary;
import io.depthscope.diagnosis.Study;
import io.depthscope.diagnosis.StudyNetwork;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What a study says on the terminal. */
final class StudyText {

  private StudyText() {}

  static void print(Study study, List<Claim> claims, PrintWriter out) {
    out.printf(Locale.ROOT, "%s, %d images%n%n", study.data(), study.images());
    out.println("top-1 in float32 and quantized; bits of weights and activations, T: one scale a");
    out.println("tensor of weights, C: one a channel");
    accuracies(study).lines().forEach(out::println);
    out.println();
    out.println("at " + text(study.settings().getFirst()) + ":");
    figures(study, study.settings().getFirst()).lines().forEach(out::println);
    out.println();
    out.println("ratio: mean share of a layer's range that a channel uses, of weights and of");
    out.println("activations; steps: mean |log2| of a layer's range over that of the one before;");
    out.println(
        "growth: slope of the NSR over depth; gain: NSR of the last layer over the first's");
    out.println();
    for (Claim c : claims) {
      out.printf(
          "%d. %s%n   => %s%n",
          c.number(), c.statement(), c.verdict().toString().toUpperCase(Locale.ROOT));
      for (Claim.Evidence e : c.evidence()) {
        out.printf(
            "   - %s: %s%s%n", e.statement(), e.verdict(), e.counts() ? "" : " (does not count)");
      }
    }
  }

  /** Accuracies of every network at every setting. */
  static TextTable accuracies(Study study) {
    List<Study.Setting> settings = study.settings();
    List<String> header = new ArrayList<>(List.of("network", "float32"));
    settings.forEach(s -> header.add(text(s)));
    TextTable t = new TextTable(1, header.toArray(String[]::new));
    for (StudyNetwork n : study.networks()) {
      List<String> row = new ArrayList<>(List.of(n.name()));
      row.add(
          settings.stream()
              .flatMap(s -> study.summary(n, s).stream())
              .findFirst()
              .map(s -> Summary.percent(s.top1Fp32()))
              .orElse(""));
      for (Study.Setting s : settings) {
        row.add(study.summary(n, s).map(x -> Summary.percent(x.top1Quantized())).orElse(""));
      }
      t.row(row.toArray(String[]::new));
    }
    return t;
  }

  private static TextTable figures(Study study, Study.Setting setting) {
    TextTable t =
        new TextTable(
            1,
            "network",
            "loss",
            "QMSE",
            "QCE",
            "ratio w",
            "ratio a",
            "steps w",
            "steps a",
            "growth dB",
            "gain dB");
    for (StudyNetwork n : study.networks()) {
      Optional<NetworkSummary> found = study.summary(n, setting);
      if (found.isPresent()) {
        NetworkSummary s = found.get();
        t.row(
            n.name(),
            Summary.percent(s.relativeAccuracyDrop()),
            Summary.number(s.qmse()),
            Summary.number(s.qce()),
            fixed(s.weightChannelRangeRatio(), 3),
            fixed(s.activationChannelRangeRatio(), 3),
            fixed(s.weightRangeFluctuation(), 2),
            fixed(s.activationRangeFluctuation(), 2),
            fixed(s.errorGrowthDb(), 2),
            fixed(s.totalGainDb(), 1));
      }
    }
    return t;
  }

  private static String fixed(double x, int digits) {
    return Double.isNaN(x) ? "" : String.format(Locale.ROOT, "%." + digits + "f", x);
  }

  /** Such as {@code 8T}. */
  static String text(Study.Setting s) {
    return s.bits() + (s.granularity().equals("per-tensor") ? "T" : "C");
  }
}
