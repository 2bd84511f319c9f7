package io.depthscope.cli;

import io.depthscope.backend.Backend;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.backend.reference.ReferenceBackend;
import java.io.IOException;
import picocli.CommandLine.Option;

/** What to run it with. */
final class BackendOptions {
  private static final String REFERENCE = "reference";

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      defaultValue = "auto",
      description =
          "auto, cpu or reference (plain loops in double, slow). Default: ${DEFAULT-VALUE}, which"
              + " is cpu.")
  private String backend;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Worker threads. Default: all processors.")
  private Integer threads;

  @Option(
      names = "--batch",
      paramLabel = "N",
      description =
          "Images handed over at a time; no result depends on it. Default: 32, for the slow"
              + " reference 1.")
  private Integer batch;

  /**
   * @throws UsageException if out of range
   */
  int threads() {
    int n = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    if (n < 1 || n > 1024) {
      throw new UsageException("--threads must be 1..1024, got " + n);
    }
    return n;
  }

  /**
   * @throws UsageException if out of range
   */
  int batch() {
    int n = batch != null ? batch : backend.equals(REFERENCE) ? 1 : 32;
    if (n < 1 || n > 4096) {
      throw new UsageException("--batch must be 1..4096, got " + n);
    }
    return n;
  }

  /**
   * @throws IOException if the backend is not to be had, with the reason
   * @throws UsageException if there is no backend of that name
   */
  Backend open() throws IOException {
    return switch (backend) {
      case "auto", "cpu" -> cpu();
      case REFERENCE -> new ReferenceBackend();
      case "cuda" ->
          throw new IOException(
              "backend cuda is missing: this version has no CUDA kernels yet; use --backend cpu");
      default ->
          throw new UsageException(
              "backend '" + backend + "' is none of auto, cpu, reference, cuda");
    };
  }

  private Backend cpu() throws IOException {
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
      throw new IOException(
          "backend cpu needs java --add-modules jdk.incubator.vector; the depthscope launcher"
              + " passes it");
    }
    return new CpuBackend(threads());
  }
}
