package io.depthscope.cli;

import io.depthscope.record.AtomicFile;
import io.depthscope.report.HtmlReport;
import io.depthscope.run.DiagnosedRun;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Writes the page of a finished run. */
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
}
