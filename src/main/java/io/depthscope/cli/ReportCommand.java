package io.depthscope.cli;

import io.depthscope.record.MendDirectory;
import io.depthscope.record.RunDirectory;
import io.depthscope.run.DiagnosedRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Draws a finished run, or a mended network. */
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    description =
        "Draw a finished run as one HTML file that needs no network: ranges, error by depth,"
            + " channels, histograms and images. analyze does this by itself; this command does it"
            + " again for a run of an earlier version. Of a folder of mend: what was tried, and the"
            + " runs before and after.")
final class ReportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "RUN", description = "Folder of a finished run, or of mend.")
  private Path run;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "File to write. Default: report.html in RUN, which is replaced.")
  private Path out;

  @Option(names = "--overwrite", description = "Replace --out.")
  private boolean overwrite;

  @Override
  public Integer call() throws IOException {
    if (overwrite && out == null) {
      throw new UsageException(
          "--overwrite needs --out FILE; report.html in RUN is replaced anyway");
    }
    Path page = out == null ? run.resolve(RunDirectory.REPORT) : out;
    OutputFile.check("--out", page, out != null, overwrite);
    if (MendDirectory.isInterrupted(run)) {
      throw new IOException(run + ": the mending was interrupted; mend --resume finishes it");
    }
    if (MendDirectory.isComplete(run)) {
      OutputFile.checkApart("--out", page, MendDirectory.inputs(run));
      ReportFile.writeMended(run, page);
    } else {
      ReportFile.write(DiagnosedRun.read(run), page);
    }
    spec.commandLine().getOut().println("report: " + page);
    return 0;
  }
}
