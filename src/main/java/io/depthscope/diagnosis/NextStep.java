package io.depthscope.diagnosis;

import io.depthscope.record.Run;
import io.depthscope.record.RunSetting;
import io.depthscope.remedy.Remedy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What to do next about a run: the remedies of all findings that cost something, in one command.
 *
 * @param steps of {@code mend --steps}, in the order of their stages
 * @param sqnrDb of the output as it is
 * @param predictedSqnrDb without the share that these findings have of its error
 */
public record NextStep(List<String> steps, double sqnrDb, double predictedSqnrDb, String command) {

  public NextStep {
    steps = List.copyOf(steps);
  }

  /** The next step; empty where no finding that costs something has a remedy. */
  public static Optional<NextStep> of(Run run, List<Finding> findings) {
    Set<String> named = new TreeSet<>();
    double share = 0;
    double sqnr = Double.NaN;
    for (Finding f : findings) {
      if (f.severity() == Finding.Severity.LOW || f.advice().steps().isEmpty()) {
        continue;
      }
      named.addAll(f.advice().steps());
      f.consequences().forEach(c -> named.addAll(c.advice().steps()));
      share += f.cost().share();
      sqnr = f.cost().outputSqnrDb();
    }
    if (named.isEmpty()) {
      return Optional.empty();
    }
    List<String> steps = Remedy.all().stream().map(Remedy::name).filter(named::contains).toList();
    Cost cost = new Cost(share, sqnr);
    return Optional.of(new NextStep(steps, sqnr, cost.predictedSqnrDb(), command(run, steps)));
  }

  /** As far as the manifest tells: options that say how files are read are the user's to repeat. */
  private static String command(Run run, List<String> steps) {
    List<String> words = new ArrayList<>(List.of("depthscope", "mend"));
    option(words, "--model", run.manifest().get("weightsFile"));
    // Some images of a data set, as mending judges by, have a description and no name.
    String data = String.valueOf(run.manifest().get(RunSetting.DATA.key()));
    option(words, "--data", data.contains(" ") ? "DATA" : data);
    words.add("--calibrate " + Math.max(1, run.calibrationImages()));
    if (RunSetting.calibratesOnFirst(run)) {
      words.add("--calibration-order first");
    }
    words.add("--scheme " + run.scheme().name());
    words.add("--granularity " + run.scheme().granularity());
    words.add("--steps " + String.join(",", steps));
    words.add("--out mended");
    return String.join(" ", words);
  }

  private static void option(List<String> words, String name, Object value) {
    String text = String.valueOf(value);
    if (value != null && !text.contains("'")) {
      words.add(name + " " + (text.matches("[\\w./:@+-]+") ? text : "'" + text + "'"));
    }
  }
}
