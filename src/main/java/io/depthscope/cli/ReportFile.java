package io.depthscope.cli;

import io.depthscope.diagnosis.RunComparison;
import io.depthscope.record.AtomicFile;
import io.depthscope.record.MendAccount;
import io.depthscope.record.MendDirectory;
import io.depthscope.record.RunReader;
import io.depthscope.report.HtmlReport;
import io.depthscope.report.MendPage;
import io.depthscope.run.DiagnosedRun;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Writes the page of a finished run, or of a mended network. */
final class ReportFile {

  private ReportFile() {}

  /**
   * Writes it.
   *
   * @throws IOException naming the file and the reason, if it cannot be written
   */
  static void write(DiagnosedRun finished, Path page) throws IOException {
    byte[] html =
        HtmlReport.of(finished.run(), finished.findings()).getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(page, out -> out.write(html));
  }

  /**
   * Writes the page of a mended network from the files in its folder.
   *
   * @throws IOException naming the file and the reason, if one is missing or damaged, or the page
   *     cannot be written
   */
  static void writeMended(Path folder, Path page) throws IOException {
    MendAccount account = MendAccount.read(folder.resolve(MendDirectory.ACCOUNT));
    RunComparison runs =
        RunComparison.of(
            RunReader.read(folder.resolve(MendDirectory.BEFORE)),
            RunReader.read(folder.resolve(MendDirectory.AFTER)));
    byte[] html =
        MendPage.of(
                account,
                runs.a(),
                runs.b(),
                ComparisonText.sectionsOfMended(runs),
                folder.toString().replace('\\', '/'))
            .getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(page, out -> out.write(html));
  }
}
