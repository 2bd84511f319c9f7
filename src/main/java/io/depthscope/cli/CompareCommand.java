package io.depthscope.cli;

import io.depthscope.diagnosis.ComparisonJson;
import io.depthscope.diagnosis.Condition;
import io.depthscope.diagnosis.RunComparison;
import io.depthscope.record.AtomicFile;
import io.depthscope.record.RunReader;
import io.depthscope.report.HtmlReport;
import io.depthscope.report.LabelledRun;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Explains how two runs differ, and checks conditions on it. */
@Command(
    name = "compare",
    mixinStandardHelpOptions = true,
    description = {
      "Say how two finished runs differ: in their settings, in the network's figures, in the layer"
          + " where they part and the ones that explain it, in what was found, and image by image.",
      "Differences are B less A."
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
      "0:compared; no condition of --fail-on holds",
      "1:failed",
      "2:wrong usage, such as a figure there is not",
      "3:a condition of --fail-on holds, or its figure is NaN"
    })
final class CompareCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "A", description = "Run directory.")
  private Path a;

  @Parameters(index = "1", paramLabel = "B", description = "Run directory to compare with it.")
  private Path b;

  @Option(
      names = "--fail-on",
      paramLabel = "EXPR",
      description =
          "Exit with 3 if this holds of B less A, such as 'network.top1Quantized < -0.01' or"
              + " 'layers.conv1.error.sqnrDb < -3': a figure by its place in results.json, one of"
              + " < <= > >=, and a number. May be given several times.")
  private List<String> failOn = new ArrayList<>();

  @Option(names = "--json", paramLabel = "FILE", description = "Write the comparison as JSON, too.")
  private Path json;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "Write the comparison as a page, with the runs' figures on shared axes.")
  private Path html;

  @Option(names = "--overwrite", description = "Replace the files of --json and --html.")
  private boolean overwrite;

  @Override
  public Integer call() throws IOException {
    List<Condition> conditions;
    try {
      conditions = failOn.stream().map(Condition::parse).toList();
    } catch (IllegalArgumentException e) {
      throw new UsageException("--fail-on: " + e.getMessage());
    }
    checkFiles();
    RunComparison runs = RunComparison.of(RunReader.read(a), RunReader.read(b));
    List<Double> differences = new ArrayList<>();
    try {
      for (Condition c : conditions) {
        differences.add(c.difference(runs));
      }
    } catch (IllegalArgumentException e) {
      throw new UsageException("--fail-on: " + e.getMessage());
    }
    if (json != null) {
      AtomicFile.write(json, out -> ComparisonJson.write(runs, out));
    }
    PrintWriter out = spec.commandLine().getOut();
    ComparisonText.print(runs, out);
    if (html != null) {
      String page =
          HtmlReport.sideBySide(
              runs.a().name() + " against " + runs.b().name(),
              List.of(
                  new LabelledRun("A: " + runs.a().name(), "A", runs.a().withoutDetails()),
                  new LabelledRun("B: " + runs.b().name(), "B", runs.b().withoutDetails())),
              ComparisonText.sections(runs));
      AtomicFile.write(html, to -> to.write(page.getBytes(StandardCharsets.UTF_8)));
    }
    int code = 0;
    for (int i = 0; i < conditions.size(); i++) {
      if (conditions.get(i).fails(differences.get(i))) {
        spec.commandLine()
            .getErr()
            .println(
                Main.oneLine(
                    "depthscope: failed on "
                        + conditions.get(i).text()
                        + ": B less A is "
                        + differences.get(i)));
        code = Main.CONDITION;
      }
    }
    return code;
  }

  private void checkFiles() throws IOException {
    if (overwrite && json == null && html == null) {
      throw new UsageException("--overwrite needs --json FILE or --html FILE");
    }
    if (json != null
        && html != null
        && json.toAbsolutePath().normalize().equals(html.toAbsolutePath().normalize())) {
      throw new UsageException("--json and --html name the same file, " + json);
    }
    if (json != null) {
      OutputFile.check("--json", json, true, overwrite);
    }
    if (html != null) {
      OutputFile.check("--html", html, true, overwrite);
    }
  }
}
