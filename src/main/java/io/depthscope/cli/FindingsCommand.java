package io.depthscope.cli;

import io.depthscope.diagnosis.FindingsJson;
import io.depthscope.diagnosis.Phrases;
import io.depthscope.record.Run;
import io.depthscope.run.DiagnosedRun;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
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
      Run.Network n = recorded.network();
      out.println(
          Main.oneLine(
              String.format(
                  Locale.ROOT,
                  "%s, %s %s: top-1 %s in float32, %s quantized, %s the same class",
                  recorded.model(),
                  recorded.scheme().name(),
                  recorded.scheme().granularity(),
                  Phrases.percent(n.top1Fp32()),
                  Phrases.percent(n.top1Quantized()),
                  Phrases.percent(n.agreementTop1()))));
      out.println();
      FindingsText.print(diagnosed.findings(), all, run, out);
    }
    out.flush();
    return 0;
  }
}
