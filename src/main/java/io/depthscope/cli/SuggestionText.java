package io.depthscope.cli;

import io.depthscope.run.PreprocessingSearch;
import io.depthscope.run.PreprocessingSearch.Outcome;
import io.depthscope.run.SelfAudit;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** What was tried to prepare images, and which of it is best. */
final class SuggestionText {
  private SuggestionText() {}

  /**
   * @param outcomes best first
   */
  static void print(PreprocessingSearch search, List<Outcome> outcomes, PrintWriter out) {
    boolean shifts = search.firstClasses().size() > 1;
    TextTable t = new TextTable(1, "options", "first class", "top-1", "mean confidence", "");
    for (Outcome o : outcomes) {
      t.row(
          o.candidate().options(),
          "output " + o.firstClass(),
          Summary.percent(o.top1()),
          String.format(Locale.ROOT, "%.3f", o.confidence()),
          o.candidate().now() && o.firstClass() == search.subject().model().firstClass()
              ? "now"
              : "");
    }
    out.printf(Locale.ROOT, "%d images, float32; nothing is recorded%n%n", search.images());
    t.lines().forEach(out::println);
    out.println();
    Outcome best = outcomes.getFirst();
    out.println("best: " + best.candidate().options());
    if (shifts && best.firstClass() != search.subject().model().firstClass()) {
      out.println(
          best.firstClass() == 1
              ? "Output 0 stands for no class of the images: give --synsets FILE with a line for it"
                  + " before the others."
              : "Output 0 stands for the first class of the images, the last one for none.");
    }
    if (SelfAudit.isHardlyRight(best.top1(), search.data().classCount())) {
      out.println(
          "None of it is much better than guessing: are the classes in another order (--synsets)?");
    }
  }
}
