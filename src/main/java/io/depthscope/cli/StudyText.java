package io.depthscope.cli;

import io.depthscope.diagnosis.Claim;
import io.depthscope.diagnosis.Study;
import io.depthscope.report.StudyTables;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** What a study says on the terminal. */
final class StudyText {
  private static final String INDENT = "     ";

  private StudyText() {}

  static void print(Study study, List<Claim> claims, PrintWriter out) {
    out.printf(Locale.ROOT, "%s, %d images%n%n", Main.oneLine(study.data()), study.images());
    out.println("top-1 in percent; bits of weights and activations, T: one scale a tensor of");
    out.println("weights, C: one a channel");
    print(StudyTables.accuracies(study), out);
    out.println();
    Study.Setting widest = study.settings().getFirst();
    out.println("at " + StudyTables.text(widest) + ":");
    print(StudyTables.figures(study, widest), out);
    out.println();
    out.println("loss: share of the accuracy that is lost; ratio: mean share of a layer's range");
    out.println("that a channel uses, of weights and of activations; steps: mean |log2| of a");
    out.println("layer's range over that of the one before; growth: slope of the NSR over depth;");
    out.println("gain: NSR of the last layer over the first's");
    if (!study.mended().isEmpty()) {
      out.println();
      out.println("mended, top-1 on the images that no remedy learned from:");
      print(StudyTables.mended(study), out);
    }
    for (Claim c : claims) {
      out.println();
      TextBlock.wrap(c.number() + ". ", "   ", c.statement()).forEach(out::println);
      out.println("   => " + c.verdict().toString().toUpperCase(Locale.ROOT));
      for (Claim.Evidence e : c.evidence()) {
        String verdict = e.verdict() + (e.counts() ? "" : " (beyond the claim)");
        TextBlock.wrap("   - ", INDENT, e.statement() + ": " + verdict).forEach(out::println);
      }
    }
  }

  private static void print(StudyTables.Table table, PrintWriter out) {
    TextTable t = new TextTable(1, table.header().toArray(String[]::new));
    table.rows().forEach(row -> t.row(row.toArray(String[]::new)));
    t.lines().forEach(out::println);
  }
}
