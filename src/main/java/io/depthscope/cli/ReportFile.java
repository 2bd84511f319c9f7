package io.depthscope.cli;

import io.depthscope.diagnosis.Findings;
import io.depthscope.report.HtmlReport;
import io.depthscope.store.AtomicFile;
import io.depthscope.store.RecordedRun;
import io.depthscope.store.RunReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Writes the page of a finished run. */
final class ReportFile {

  private ReportFile() {}

  /**
   * Reads a run back from its folder and writes its page.
   *
   * @throws IOException naming the file and the reason, if one cannot be read or written
   */
  static void write(Path run, Path page) throws IOException {
    RecordedRun recorded = RunReader.read(run);
    byte[] html = HtmlReport.of(recorded, Findings.of(recorded)).getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(page, out -> out.write(html));
  }
}
