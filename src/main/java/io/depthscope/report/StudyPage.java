package io.depthscope.report;

import io.depthscope.diagnosis.Claim;
import io.depthscope.diagnosis.Study;
import java.util.ArrayList;
import java.util.List;

/** A study as one HTML file: verdicts and tables above its runs side by side. */
public final class StudyPage {

  private StudyPage() {}

  /**
   * The page.
   *
   * @param runs the study's runs, grouped by network
   */
  public static String of(Study study, List<Claim> claims, List<LabelledRun> runs) {
    List<TextSection> sections = new ArrayList<>();
    sections.add(claims(claims));
    StudyTables.Table accuracies = StudyTables.accuracies(study);
    sections.add(
        new TextSection(
            "Accuracy at every setting",
            List.of(
                "Top-1 in percent. Columns: bits of weights and activations, T for one scale a"
                    + " tensor of weights, C for one a channel."),
            accuracies.header(),
            accuracies.rows()));
    if (!study.mended().isEmpty()) {
      StudyTables.Table mended = StudyTables.mended(study);
      sections.add(
          new TextSection(
              "What remedies mend",
              List.of(
                  "Top-1 in percent on the images that no remedy learned from, and the SQNR of the"
                      + " logits. Remedies in the order in which they were tried and kept."),
              mended.header(),
              mended.rows()));
    }
    sections.add(figures(study));
    return HtmlReport.sideBySide(
        "Study: " + study.networks().size() + " networks on " + study.data(), runs, sections);
  }

  /** One table for all settings: a column tells them apart. */
  private static TextSection figures(Study study) {
    List<String> header = new ArrayList<>();
    List<List<String>> rows = new ArrayList<>();
    for (Study.Setting s : study.settings()) {
      StudyTables.Table figures = StudyTables.figures(study, s);
      if (header.isEmpty()) {
        header.add("setting");
        header.addAll(figures.header());
      }
      for (List<String> row : figures.rows()) {
        List<String> all = new ArrayList<>(List.of(StudyTables.text(s)));
        all.addAll(row);
        rows.add(all);
      }
    }
    return new TextSection(
        "Figures of the networks",
        List.of(
            "loss: share of the accuracy that is lost. ratio: mean share of a layer's range that a"
                + " channel uses, of weights (w) and activations (a). steps: mean |log2| of a"
                + " layer's range over that of the one before, octaves. growth: slope of the NSR"
                + " over depth, dB a layer. gain: NSR of the last layer over the first's."),
        header,
        rows);
  }

  private static TextSection claims(List<Claim> claims) {
    List<List<String>> rows = new ArrayList<>();
    for (Claim c : claims) {
      rows.add(List.of(c.verdict().toString(), c.number() + ". " + c.statement()));
      for (Claim.Evidence e : c.evidence()) {
        String beyond = e.counts() ? "" : " (beyond the claim)";
        rows.add(List.of(e.verdict() + beyond, "– " + e.statement()));
      }
    }
    return new TextSection(
        "The paper's claims",
        List.of(
            "Claims of Yun and Wong, \"Do All MobileNets Quantize Poorly?\" (CVPR 2021 workshops)."
                + " Every verdict is computed: a difference supports a claim if it has its sign,"
                + " reaches its threshold and exceeds its noise, where that is known; with the sign"
                + " alone it is mixed. docs/study.md has the rules."),
        List.of("verdict", "claim and evidence"),
        rows);
  }
}
