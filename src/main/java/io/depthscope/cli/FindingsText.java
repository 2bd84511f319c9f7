package io.depthscope.cli;

import io.depthscope.diagnosis.Finding;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Findings on the terminal. */
final class FindingsText {
  /** As many as fit on a screen; the worst come first. */
  private static final int MOST = 6;

  private static final String INDENT = " ".repeat(8);

  private FindingsText() {}

  /**
   * Prints the findings that cost something, or all.
   *
   * @param run where the rest can be had
   */
  static void print(List<Finding> findings, boolean all, Path run, PrintWriter out) {
    List<Finding> shown =
        all
            ? findings
            : findings.stream()
                .filter(f -> f.severity() != Finding.Severity.LOW)
                .limit(MOST)
                .toList();
    out.println(
        shown.isEmpty() ? "Findings: nothing that costs precision" : "Findings, worst first");
    for (Finding f : shown) {
      String head = String.format(Locale.ROOT, "%-8s", word(f.severity()));
      TextBlock.wrap(head, INDENT, title(f) + ": " + f.statement()).forEach(out::println);
      if (!f.remedy().isEmpty()) {
        TextBlock.wrap(INDENT, INDENT, "Remedy: " + f.remedy()).forEach(out::println);
      }
    }
    int rest = findings.size() - shown.size();
    if (rest > 0) {
      out.println(rest + " more: depthscope findings " + run + " --all");
    }
  }

  /** {@code conv_dw_1, dead channels}. */
  static String title(Finding f) {
    String kind = f.kind().name().toLowerCase(Locale.ROOT).replace('_', ' ');
    return f.layer().isEmpty() ? kind : f.layer() + ", " + kind;
  }

  static String word(Finding.Severity severity) {
    return severity.name().toLowerCase(Locale.ROOT);
  }
}
