package io.depthscope.cli;

import io.depthscope.diagnosis.Finding;
import io.depthscope.diagnosis.Findings;
import io.depthscope.store.RecordedRun;
import io.depthscope.store.RunReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A finished run as anyone will read it, and what it says. Reading thousands of channels takes a
 * while, so that it is done once and handed on.
 *
 * @param findings worst first
 */
record DiagnosedRun(RecordedRun run, List<Finding> findings) {

  /**
   * Reads it from its folder.
   *
   * @throws IOException naming the file and the reason, if there is no finished run
   */
  static DiagnosedRun read(Path directory) throws IOException {
    RecordedRun run = RunReader.read(directory);
    return new DiagnosedRun(run, Findings.of(run));
  }
}
