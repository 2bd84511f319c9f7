package io.depthscope.report;

import io.depthscope.diagnosis.MendVerdict;
import io.depthscope.record.Judgement;
import io.depthscope.record.MendAccount;
import io.depthscope.record.MendDirectory;
import io.depthscope.record.Run;
import io.depthscope.remedy.Remedy;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** A mended network as one HTML file: what was tried, above the runs before and after. */
public final class MendPage {

  private MendPage() {}

  /**
   * The page.
   *
   * @param before the run of the network as it was
   * @param after the run of the mended network; its layers and channels may be others
   * @param sections the comparison of the two, in words
   * @param folder where the mended network lies, as commands name it
   */
  public static String of(
      MendAccount account, Run before, Run after, List<TextSection> sections, String folder) {
    List<LabelledRun> runs =
        List.of(
            new LabelledRun("A: before", "A: before", before.withoutDetails()),
            new LabelledRun("B: after", "B: after", after.withoutDetails()));
    return HtmlReport.mended(
        account.model() + ", mended", runs, sections, json -> mend(json, account, folder));
  }

  private static void mend(CompactJson json, MendAccount account, String folder)
      throws IOException {
    json.text("scheme", account.scheme())
        .text("learned", account.learned())
        .text("judged", account.judged())
        .text("verdict", MendVerdict.sentence(account))
        .text("certainty", certainty(account))
        .text("measure", MendVerdict.measure(account).name().toLowerCase(Locale.ROOT))
        .object("before", o -> judgement(o, account.before()))
        .object("after", o -> judgement(o, account.after()))
        .array(
            "steps",
            a -> {
              for (MendAccount.Step s : account.steps()) {
                a.item(o -> step(o, s));
              }
            })
        .array(
            "commands",
            a -> {
              String network = quoted(folder + "/" + MendDirectory.NETWORK);
              String codes = quoted(folder + "/" + MendDirectory.QUANTIZATION);
              command(
                  a,
                  "Run it on other images",
                  "depthscope analyze --model "
                      + network
                      + " --quantization "
                      + codes
                      + " --data IMAGES --out RUN");
              command(
                  a,
                  "Hand it to ONNX Runtime",
                  "depthscope export " + quoted(folder) + " --to network_qdq.onnx");
              for (String run : List.of(MendDirectory.BEFORE, MendDirectory.AFTER)) {
                command(
                    a,
                    "See every channel of the run " + run,
                    "depthscope report " + quoted(folder + "/" + run));
              }
            });
  }

  private static void step(CompactJson json, MendAccount.Step s) throws IOException {
    json.text("remedy", s.remedy())
        .text("words", Remedy.words(s.remedy()))
        .text("summary", summary(s.remedy()))
        .bool("kept", s.kept())
        .number("predictedSqnrDb", s.foreseenDb())
        .number("calibrationSqnrDb", s.calibratedDb())
        .object("measured", o -> judgement(o, s.measured()))
        .number("seconds", s.seconds());
    RunData.texts(json, "account", s.account());
  }

  private static void judgement(CompactJson json, Judgement j) throws IOException {
    json.count("images", j.images())
        .number("sqnrDb", j.sqnrDb())
        .number("fp32Change", j.fp32Change())
        .number("fp32Accuracy", j.fp32Accuracy())
        .number("accuracy", j.accuracy())
        .number("sameClass", j.sameClass());
  }

  private static void command(CompactJson json, String what, String command) throws IOException {
    json.item(o -> o.text("what", what).text("command", command));
  }

  private static String certainty(MendAccount account) {
    return MendVerdict.interval(account)
        .map(
            i ->
                String.format(
                    Locale.ROOT,
                    "Judged on %d images: with 95 %% confidence the mended network reaches %.1f to"
                        + " %.1f %%.",
                    account.after().images(),
                    100 * i.low(),
                    100 * i.high()))
        .orElseGet(
            () -> String.format(Locale.ROOT, "Judged on %d images.", account.after().images()));
  }

  /** What a remedy does; empty for one of another version of the program. */
  private static String summary(String remedy) {
    try {
      return Remedy.named(remedy).summary();
    } catch (IllegalArgumentException e) {
      return "";
    }
  }

  /** A file as a shell takes it. */
  private static String quoted(String file) {
    return file.matches("[\\w./:=@%+-]+") ? file : "'" + file.replace("'", "'\\''") + "'";
  }
}
