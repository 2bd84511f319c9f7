package io.depthscope.cli;

import io.depthscope.run.BackendChoice;
import io.depthscope.run.BackendChoice.Kind;
import io.depthscope.run.BackendChoice.Matmul;
import io.depthscope.run.Machine;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import picocli.CommandLine.Option;

/** What to run it with. */
final class BackendOptions {
  private static final int MOST_BATCH = 4096;
  private static final Set<Kind> NO_GPU = Set.of(Kind.CPU, Kind.REFERENCE);

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      defaultValue = "auto",
      description =
          "auto, cpu, cuda (an NVIDIA GPU) or reference (plain loops in double, slow). Default:"
              + " ${DEFAULT-VALUE}: cuda where there is a GPU, otherwise cpu.")
  private Kind backend;

  @Option(
      names = "--device",
      paramLabel = "N",
      description = "Which GPU, as 'depthscope devices' numbers them. Default: 0.")
  private Integer device;

  @Option(
      names = "--matmul",
      paramLabel = "M",
      defaultValue = "own",
      description =
          "Pointwise and fully connected layers on a GPU: own kernels, or cublas, whose last bits"
              + " may depend on the batch size. Default: ${DEFAULT-VALUE}.")
  private Matmul matmul;

  @Option(
      names = "--allow-tf32",
      description =
          "Let cuBLAS round factors to 10 bits of mantissa: faster, and no longer float32; it is"
              + " recorded in the manifest.")
  private boolean allowTf32;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Worker threads. Default: all processors.")
  private Integer threads;

  @Option(
      names = "--batch",
      paramLabel = "N",
      description =
          "Images handed over at a time; no result depends on it. Default: 32, on a GPU 64, for the"
              + " slow reference 1.")
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

  /** Images handed over at a time. */
  int batch(BackendChoice.Opened opened) {
    return batch != null ? batch : opened.usualBatch();
  }

  /** Checks what can be checked before anything is opened. */
  void check() {
    threads();
    if (batch != null && (batch < 1 || batch > MOST_BATCH)) {
      throw new UsageException("--batch must be 1.." + MOST_BATCH + ", got " + batch);
    }
    if (allowTf32 && matmul != Matmul.CUBLAS) {
      throw new UsageException("--allow-tf32 needs --matmul cublas");
    }
    if (matmul == Matmul.CUBLAS && NO_GPU.contains(backend)) {
      throw new UsageException("--matmul cublas needs --backend cuda, got " + word());
    }
    if (device != null) {
      checkDevice(device);
      if (NO_GPU.contains(backend)) {
        throw new UsageException("--device needs --backend cuda, got " + word());
      }
    }
  }

  private String word() {
    return backend.name().toLowerCase(Locale.ROOT);
  }

  /**
   * @throws UsageException if no GPU can have this number
   */
  static void checkDevice(int number) {
    if (number < 0) {
      throw new UsageException("--device must not be negative, got " + number);
    }
  }

  /**
   * The backend that is asked for.
   *
   * @throws UsageException if two options contradict each other, or one is out of range
   */
  BackendChoice choice() {
    check();
    return new BackendChoice(
        backend,
        device == null ? OptionalInt.empty() : OptionalInt.of(device),
        matmul,
        allowTf32,
        threads());
  }

  /** What a run is computed on, once its backend is open. */
  Machine machine(BackendChoice.Opened opened) {
    return new Machine(opened.backend(), opened.choice(), threads(), batch(opened));
  }
}
