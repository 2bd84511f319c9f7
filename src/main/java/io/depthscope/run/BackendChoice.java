package io.depthscope.run;

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
import java.util.OptionalInt;

/**
 * Which backend is asked for. Only {@link Kind#AUTO} falls back, and says why.
 *
 * @param device which GPU; empty: the first
 * @param allowTf32 let a library round factors to 10 bits of mantissa
 * @param threads of a backend on the CPU
 */
public record BackendChoice(
    Kind kind, OptionalInt device, Matmul matmul, boolean allowTf32, int threads) {

  /** What runs it. */
  public enum Kind {
    AUTO,
    CPU,
    CUDA,
    REFERENCE
  }

  /** Who multiplies the matrices of pointwise and fully connected layers on a GPU. */
  public enum Matmul {
    /** This project's kernels. */
    OWN,
    CUBLAS
  }

  /**
   * A backend and why it is this one; closing it closes the backend.
   *
   * @param choice for the manifest
   */
  public record Opened(Backend backend, String choice) implements AutoCloseable {
    private static final int ON_CPU = 32;
    private static final int ON_GPU = 64;

    /** Images handed over at a time where nobody says otherwise. */
    public int usualBatch() {
      return switch (backend) {
        case ReferenceBackend slow -> 1;
        case CudaBackend gpu -> ON_GPU;
        default -> ON_CPU;
      };
    }

    @Override
    public void close() {
      backend.close();
    }
  }

  /**
   * Opens the backend; the caller closes it.
   *
   * @throws IOException if the backend is not to be had, with the reason
   */
  public Opened open() throws IOException {
    return switch (kind) {
      case CPU -> new Opened(cpu(), "asked for");
      case REFERENCE -> new Opened(new ReferenceBackend(), "asked for");
      case CUDA -> new Opened(cuda(), "asked for");
      case AUTO -> automatic();
    };
  }

  private Opened automatic() throws IOException {
    try {
      return new Opened(cuda(), "auto: there is a GPU");
    } catch (IOException e) {
      if (matmul == Matmul.CUBLAS || device.isPresent()) {
        // Who names a GPU or a library of GPUs does not mean the CPU.
        throw new IOException(
            e.getMessage()
                + "; without "
                + (device.isPresent() ? "--device" : "--matmul cublas")
                + " the CPU does it",
            e);
      }
      return new Opened(cpu(), "auto: " + e.getMessage());
    }
  }

  private Backend cuda() throws IOException {
    try {
      Device opened = JCudaDevices.open(device.orElse(0));
      return new CudaBackend(opened, new CudaOptions(library(opened), ""));
    } catch (DeviceException e) {
      throw new IOException("backend cuda is missing: " + e.getMessage(), e);
    } catch (BackendException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Null for this project's own kernels. */
  private MatrixLibrary library(Device opened) throws IOException {
    if (matmul == Matmul.OWN) {
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
    return new CpuBackend(threads);
  }
}
