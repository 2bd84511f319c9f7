package io.depthscope.cli;

import io.depthscope.diagnosis.FindingsJson;
import io.depthscope.diagnosis.Phrases;
import io.depthscope.record.Run;
import io.depthscope.record.RunSetting;
import io.depthscope.run.DiagnosedRun;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says again what a finished run found. */
@Command(
    name = "findings",
    mixinStandardHelpOptions = true,
    description =
        "Say what the data of a finished run show: what costs accuracy, where, how much, and what"
            + " would mend it. Worst first.")
final class FindingsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "RUN", description = "Run directory of analyze.")
  private Path run;

  @Option(names = "--all", description = "All findings, with those that are merely worth knowing.")
  private boolean all;

  @Option(names = "--json", description = "All findings as JSON, as in the run's findings.json.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    DiagnosedRun diagnosed = DiagnosedRun.read(run);
    Run recorded = diagnosed.run();
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      FindingsJson.write(recorded, diagnosed.findings(), bytes);
      out.println(bytes.toString(StandardCharsets.UTF_8));
    } else {
      out.println(
          Main.oneLine(
              recorded.model()
                  + ", "
                  + RunSetting.quantization(recorded)
                  + ": "
                  + String.join(", ", figures(recorded))));
      out.println();
      FindingsText.print(diagnosed, all, run, out);
    }
    out.flush();
    return 0;
  }

  /** What is known of the network as a whole, in a few words. */
  private static List<String> figures(Run run) {
    List<String> words = new ArrayList<>();
    run.network()
        .accuracy()
        .ifPresent(
            a -> {
              words.add("top-1 " + Phrases.percent(a.top1Fp32()) + " in float32");
              words.add(Phrases.percent(a.top1Quantized()) + " quantized");
            });
    run.network()
        .classes()
        .ifPresentOrElse(
            c -> words.add(Phrases.percent(c.agreementTop1()) + " the same class"),
            () -> {
              Run.Output o =
                  Collections.min(run.outputs(), Comparator.comparingDouble(Run.Output::sqnrDb));
              int outputs = run.outputs().size();
              words.add(
                  (outputs == 1 ? "SQNR of the output " : "lowest SQNR of " + outputs + " outputs ")
                      + Phrases.decibel(o.sqnrDb())
                      + (outputs == 1 ? "" : ", of " + o.layer()));
            });
    return words;
  }
}
