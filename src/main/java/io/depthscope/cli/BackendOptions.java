package io.depthscope.cli;

import io.depthscope.backend.Backend;
import io.depthscope.backend.BackendException;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.backend.cuda.CudaBackend;
import io.depthscope.backend.cuda.CudaOptions;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.device.Device;
import io.depthscope.device.DeviceException;
import io.depthscope.device.MatrixLibrary;
import io.depthscope.device.jcuda.JCudaDevices;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Option;

/** What to run it with. */
final class BackendOptions {
  private static final String AUTO = "auto";
  private static final String CPU = "cpu";
  private static final String CUDA = "cuda";
  private static final String REFERENCE = "reference";

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      defaultValue = AUTO,
      description =
          "auto, cpu, cuda (an NVIDIA GPU) or reference (plain loops in double, slow). Default:"
              + " ${DEFAULT-VALUE}: cuda where there is a GPU, otherwise cpu.")
  private String backend;

  @Option(
      names = "--device",
      paramLabel = "N",
      description = "Which GPU, as 'depthscope devices' numbers them. Default: 0.")
  private Integer device;

  /** Who multiplies the matrices of pointwise and fully connected layers on a GPU. */
  enum Matmul {
    own,
    cublas
  }

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

  /**
   * @throws UsageException if out of range
   */
  int batch(Backend opened) {
    int n =
        batch != null
            ? batch
            : switch (opened.name()) {
              case REFERENCE -> 1;
              case CUDA -> 64;
              default -> 32;
            };
    if (n < 1 || n > 4096) {
      throw new UsageException("--batch must be 1..4096, got " + n);
    }
    return n;
  }

  /** Checks what can be checked before anything is opened. */
  void check() {
    threads();
    if (batch != null && (batch < 1 || batch > 4096)) {
      throw new UsageException("--batch must be 1..4096, got " + batch);
    }
    if (!List.of(AUTO, CPU, REFERENCE, CUDA).contains(backend)) {
      throw new UsageException("backend '" + backend + "' is none of auto, cpu, reference, cuda");
    }
    if (allowTf32 && matmul != Matmul.cublas) {
      throw new UsageException("--allow-tf32 needs --matmul cublas");
    }
    if (matmul == Matmul.cublas && List.of(CPU, REFERENCE).contains(backend)) {
      throw new UsageException("--matmul cublas needs --backend cuda, got " + backend);
    }
    if (device != null) {
      checkDevice(device);
      if (List.of(CPU, REFERENCE).contains(backend)) {
        throw new UsageException("--device needs --backend cuda, got " + backend);
      }
    }
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
   * Opens the backend; the caller closes it.
   *
   * @throws IOException if the backend is not to be had, with the reason
   * @throws UsageException if there is no backend of that name
   */
  Opened open() throws IOException {
    check();
    return switch (backend) {
      case CPU -> new Opened(cpu(), "asked for");
      case REFERENCE -> new Opened(new ReferenceBackend(), "asked for");
      case CUDA -> new Opened(cuda(), "asked for");
      default -> automatic();
    };
  }

  /**
   * A backend and why it is this one.
   *
   * @param choice for the manifest
   */
  record Opened(Backend backend, String choice) implements AutoCloseable {
    @Override
    public void close() {
      backend.close();
    }
  }

  private Opened automatic() throws IOException {
    try {
      return new Opened(cuda(), "auto: there is a GPU");
    } catch (IOException e) {
      if (matmul == Matmul.cublas || device != null) {
        // Who names a GPU or a library of GPUs does not mean the CPU.
        throw new IOException(
            e.getMessage()
                + "; without "
                + (device != null ? "--device" : "--matmul cublas")
                + " the CPU does it",
            e);
      }
      return new Opened(cpu(), "auto: " + e.getMessage());
    }
  }

  private Backend cuda() throws IOException {
    try {
      Device opened = JCudaDevices.open(device == null ? 0 : device);
      return new CudaBackend(opened, new CudaOptions(library(opened), ""));
    } catch (DeviceException e) {
      throw new IOException("backend cuda is missing: " + e.getMessage(), e);
    } catch (BackendException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Null for this project's own kernels. */
  private MatrixLibrary library(Device opened) throws IOException {
    if (matmul == Matmul.own) {
      return null;
    }
    try {
      return opened.openMatrixLibrary(allowTf32);
    } catch (DeviceException e) {
      opened.close();
      throw new IOException("--matmul cublas: " + e.getMessage(), e);
    }
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
