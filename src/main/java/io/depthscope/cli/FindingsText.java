package io.depthscope.cli;

import io.depthscope.diagnosis.Diagnosis;
import io.depthscope.diagnosis.ErrorShares;
import io.depthscope.diagnosis.Finding;
import io.depthscope.diagnosis.NextStep;
import io.depthscope.diagnosis.Phrases;
import io.depthscope.record.RunLayer;
import io.depthscope.run.DiagnosedRun;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Findings on the terminal. */
final class FindingsText {
  /** As many as fit on a screen; the worst come first. */
  private static final int MOST = 6;

  /** Layers of one kind of consequence that are named. */
  private static final int NAMED = 4;

  private static final String INDENT = " ".repeat(8);

  private FindingsText() {}

  /**
   * Prints the findings that cost something, or all.
   *
   * @param run where the rest can be had
   */
  static void print(DiagnosedRun diagnosed, boolean all, Path run, PrintWriter out) {
    List<Finding> findings = diagnosed.findings();
    List<Finding> shown =
        all
            ? findings
            : findings.stream()
                .filter(f -> f.severity() != Finding.Severity.LOW)
                .limit(MOST)
                .toList();
    Optional<String> without = Diagnosis.withoutCause(diagnosed.run(), findings);
    Set<String> marked =
        ErrorShares.of(diagnosed.run()).marked().stream()
            .map(RunLayer::name)
            .collect(Collectors.toSet());
    TextBlock.wrap(
            "",
            INDENT,
            "Findings"
                + without
                    .map(": "::concat)
                    .orElse(shown.isEmpty() ? ": nothing that costs precision" : ", worst first"))
        .forEach(out::println);
    for (Finding f : shown) {
      String head = String.format(Locale.ROOT, "%-8s", word(f.severity()));
      String mark = marked.contains(f.layer()) ? "* " : "";
      TextBlock.wrap(head, INDENT, mark + title(f) + ": " + f.statement()).forEach(out::println);
      TextBlock.wrap(INDENT, INDENT, rest(f)).forEach(out::println);
    }
    NextStep.of(diagnosed.run(), findings)
        .ifPresent(
            n ->
                TextBlock.wrap(
                        "Next    ",
                        INDENT,
                        n.command()
                            + " (with the options of this run that say how images are read):"
                            + " predicted "
                            + Phrases.decibel(n.sqnrDb())
                            + " -> "
                            + Phrases.decibel(n.predictedSqnrDb())
                            + " at the output")
                    .forEach(out::println));
    int rest = findings.size() - shown.size();
    if (rest > 0) {
      out.println(rest + " more: depthscope findings " + run + " --all");
    }
  }

  /** What it costs, what comes from it, what mends it, and what that is predicted to give. */
  private static String rest(Finding f) {
    List<String> parts = new ArrayList<>();
    if (f.cost().share() > 0) {
      parts.add("Its share of the error at the output: " + Phrases.percent(f.cost().share()) + ".");
    }
    Map<Finding.Kind, List<String>> from = new LinkedHashMap<>();
    for (Finding c : f.consequences()) {
      from.computeIfAbsent(c.kind(), k -> new ArrayList<>()).add(c.layer());
    }
    if (!from.isEmpty()) {
      parts.add(
          "From it comes: "
              + from.entrySet().stream()
                  .map(e -> word(e.getKey()) + " in " + named(e.getValue()))
                  .collect(Collectors.joining("; "))
              + ".");
    }
    if (!f.remedy().isEmpty()) {
      String predicted =
          f.advice().steps().isEmpty()
              ? ""
              : " Predicted: "
                  + Phrases.decibel(f.cost().outputSqnrDb())
                  + " -> "
                  + Phrases.decibel(f.cost().predictedSqnrDb())
                  + " at the output.";
      parts.add("Remedy: " + f.remedy() + predicted);
    }
    return String.join(" ", parts);
  }

  private static String named(List<String> layers) {
    int rest = layers.size() - NAMED;
    return String.join(", ", layers.subList(0, Math.min(NAMED, layers.size())))
        + (rest > 0 ? " and " + rest + " more" : "");
  }

  /** {@code conv_dw_1, dead channels}. */
  static String title(Finding f) {
    return f.layer().isEmpty() ? word(f.kind()) : f.layer() + ", " + word(f.kind());
  }

  private static String word(Finding.Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  static String word(Finding.Severity severity) {
    return severity.name().toLowerCase(Locale.ROOT);
  }
}
