package io.depthscope.device.jcuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.depthscope.device.DeviceStream;
import io.depthscope.device.MatrixLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jcuda.Pointer;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasMath;
import jcuda.jcublas.cublasOperation;
import jcuda.runtime.cudaStream_t;

/** The matrix product of cuBLAS. */
final class CublasMatrices implements MatrixLibrary {
  private final JCudaDevice device;
  private final boolean allowTf32;
  private final Cublas library = Cublas.get().orThrow();
  private final cublasHandle handle = new cublasHandle();
  private final Arena arena = Arena.ofShared();
  private final Pointer one;
  private final Pointer zero;
  private boolean closed;

  CublasMatrices(JCudaDevice device, boolean allowTf32) {
    this.device = device;
    this.allowTf32 = allowTf32;
    device.enter();
    Cublas.check(JCublas2.cublasCreate(handle), "cublasCreate", "");
    MemorySegment factors = arena.allocateFrom(JAVA_FLOAT, 1f, 0f);
    one = new HostAddress(factors);
    zero = new HostAddress(factors.asSlice(Float.BYTES));
    int math = allowTf32 ? cublasMath.CUBLAS_TF32_TENSOR_OP_MATH : cublasMath.CUBLAS_PEDANTIC_MATH;
    int status = JCublas2.cublasSetMathMode(handle, math);
    if (status != 0) {
      close();
      Cublas.check(status, "cublasSetMathMode", "");
    }
  }

  @Override
  public String description() {
    return "cuBLAS " + library.version() + (allowTf32 ? " with TF32" : "");
  }

  @Override
  public synchronized void multiply(
      DeviceStream stream, int m, int n, int k, long a, int lda, long b, int ldb, long c, int ldc) {
    if (m < 1 || n < 1 || k < 1 || lda < k || ldb < n || ldc < n) {
      throw new IllegalArgumentException(
          "a product of " + sizes(m, n, k) + " with rows of " + lda + ", " + ldb + ", " + ldc);
    }
    if (closed) {
      throw new IllegalStateException("cuBLAS used after it was closed");
    }
    device.enter();
    cudaStream_t on = new cudaStream_t(device.handle(stream));
    Cublas.check(JCublas2.cublasSetStream(handle, on), "cublasSetStream", "");
    // cuBLAS is column-major, where the same memory is C' = B' A'.
    Cublas.check(
        JCublas2.cublasSgemm(
            handle,
            cublasOperation.CUBLAS_OP_N,
            cublasOperation.CUBLAS_OP_N,
            n,
            m,
            k,
            one,
            new DeviceAddress(b),
            ldb,
            new DeviceAddress(a),
            lda,
            zero,
            new DeviceAddress(c),
            ldc),
        "cublasSgemm",
        sizes(m, n, k));
  }

  private static String sizes(int m, int n, int k) {
    return m + "x" + k + " by " + k + "x" + n;
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    arena.close();
    device.enter();
    Cublas.check(JCublas2.cublasDestroy(handle), "cublasDestroy", "");
  }
}
