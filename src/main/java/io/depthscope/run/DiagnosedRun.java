package io.depthscope.run;

import io.depthscope.diagnosis.Diagnosis;
import io.depthscope.diagnosis.Finding;
import io.depthscope.record.Run;
import io.depthscope.record.RunReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A finished run and what it says.
 *
 * @param findings worst first
 */
public record DiagnosedRun(Run run, List<Finding> findings) {

  /**
   * Reads it from its folder.
   *
   * @throws IOException naming the file and the reason, if there is no finished run
   */
  public static DiagnosedRun read(Path directory) throws IOException {
    return of(RunReader.read(directory));
  }

  /** Diagnoses it. */
  public static DiagnosedRun of(Run run) {
    return new DiagnosedRun(run, Diagnosis.of(run));
  }
}
