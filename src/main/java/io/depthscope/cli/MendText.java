package io.depthscope.cli;

import io.depthscope.diagnosis.Phrases;
import io.depthscope.record.Judgement;
import io.depthscope.record.MendAccount;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The ladder of a mended network in the terminal. */
final class MendText {
  private MendText() {}

  /** What remedies are predicted to give. */
  static void print(List<MendAccount.Prediction> predictions, PrintWriter to) {
    TextTable table = new TextTable(1, "remedy", "predicted", "what it does");
    for (MendAccount.Prediction p : predictions) {
      table.row(p.remedy(), Phrases.decibel(p.sqnrDb()), p.summary());
    }
    table.lines().forEach(to::println);
  }

  static void print(MendAccount account, PrintWriter to) {
    to.println("scheme: " + account.scheme());
    to.println("learned from: " + account.learned());
    to.println("judged on: " + account.judged());
    to.println();
    TextTable table =
        new TextTable(
            1,
            "step",
            "kept",
            "predicted",
            "calibration",
            "SQNR",
            "top-1",
            "same class",
            "fp32",
            "fp32 change",
            "time");
    table.row(row("as it was", "", "", "", account.before(), ""));
    for (MendAccount.Step s : account.steps()) {
      table.row(
          row(
              s.remedy(),
              s.kept() ? "yes" : "no",
              Phrases.decibel(s.foreseenDb()),
              Phrases.decibel(s.calibratedDb()),
              s.measured(),
              String.format(Locale.ROOT, "%.1f s", s.seconds())));
    }
    table.row(row("mended", "", "", "", account.after(), ""));
    table.lines().forEach(to::println);
    to.println();
    for (MendAccount.Step s : account.steps()) {
      s.account().forEach(line -> to.println(s.remedy() + ": " + line));
    }
    widths(account.widths()).forEach(to::println);
  }

  /** The layers of each width, the widest first; later steps may have changed the first choice. */
  private static List<String> widths(List<MendAccount.Width> all) {
    Map<Integer, List<String>> byBits = new TreeMap<>(Comparator.reverseOrder());
    for (MendAccount.Width w : all) {
      byBits.computeIfAbsent(w.weightBits(), b -> new ArrayList<>()).add(w.layer());
    }
    return byBits.entrySet().stream()
        .map(e -> "mended, " + e.getKey() + " bits: " + String.join(", ", e.getValue()))
        .toList();
  }

  private static String[] row(
      String name, String kept, String foreseen, String calibrated, Judgement j, String time) {
    return new String[] {
      name,
      kept,
      foreseen,
      calibrated,
      Phrases.decibel(j.sqnrDb()),
      percent(j.accuracy()),
      percent(j.sameClass()),
      percent(j.fp32Accuracy()),
      String.format(Locale.ROOT, "%.1e", j.fp32Change()),
      time
    };
  }

  private static String percent(double share) {
    return Double.isNaN(share) ? "-" : Phrases.percent(share);
  }
}
