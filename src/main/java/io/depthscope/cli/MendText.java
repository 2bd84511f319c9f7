package io.depthscope.cli;

import io.depthscope.record.Judgement;
import io.depthscope.record.MendAccount;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** The ladder of a mended network in the terminal. */
final class MendText {
  private MendText() {}

  /** What remedies are predicted to give. */
  static void print(List<MendAccount.Prediction> predictions, PrintWriter to) {
    TextTable table = new TextTable(1, "remedy", "predicted", "what it does");
    for (MendAccount.Prediction p : predictions) {
      table.row(p.remedy(), db(p.sqnrDb()), p.summary());
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
              db(s.foreseenDb()),
              db(s.calibratedDb()),
              s.measured(),
              String.format(Locale.ROOT, "%.1f s", s.seconds())));
    }
    table.row(row("mended", "", "", "", account.after(), ""));
    table.lines().forEach(to::println);
    to.println();
    for (MendAccount.Step s : account.steps()) {
      s.account().forEach(line -> to.println(s.remedy() + ": " + line));
    }
  }

  private static String[] row(
      String name, String kept, String foreseen, String calibrated, Judgement j, String time) {
    return new String[] {
      name,
      kept,
      foreseen,
      calibrated,
      db(j.sqnrDb()),
      percent(j.accuracy()),
      percent(j.sameClass()),
      percent(j.fp32Accuracy()),
      String.format(Locale.ROOT, "%.1e", j.fp32Change()),
      time
    };
  }

  private static String db(double value) {
    return String.format(Locale.ROOT, "%.1f dB", value);
  }

  private static String percent(double share) {
    return Double.isNaN(share) ? "-" : String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }
}
