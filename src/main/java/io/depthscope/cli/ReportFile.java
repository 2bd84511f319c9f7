package io.depthscope.cli;

import io.depthscope.diagnosis.Finding;
import io.depthscope.report.HtmlReport;
import io.depthscope.store.AtomicFile;
import io.depthscope.store.RecordedRun;
import io.depthscope.store.RunReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

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
    byte[] html = HtmlReport.of(recorded, findings()).getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(page, out -> out.write(html));
  }

  /** What stands in the page's list of findings; nothing looks for any yet. */
  private static List<Finding> findings() {
    return List.of();
  }
}
