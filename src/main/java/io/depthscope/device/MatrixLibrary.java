package io.depthscope.device;

/**
 * A vendor's matrix product, opened by {@link Device#openMatrixLibrary}. Calls may come from any
 * thread.
 *
 * <p>Which algorithm it takes, and so in which order it adds, may depend on all of the sizes: a row
 * of the result is not the same to the last bit when the matrix has more rows.
 */
public interface MatrixLibrary extends AutoCloseable {

  /**
   * Name, version and what it may round, for manifests and to tell runs apart: {@code cuBLAS
   * 12.6.1}, {@code cuBLAS 12.6.1 with TF32}.
   */
  String description();

  /**
   * Puts C = A B on a stream. Matrices are row-major and single-precision; a row begins {@code ld}
   * elements after the row before.
   *
   * @param a address of A, m x k
   * @param b address of B, k x n
   * @param c address of C, m x n; must not overlap the others
   * @throws IllegalArgumentException if a size is below 1 or a row longer than its distance to the
   *     next
   */
  void multiply(
      DeviceStream stream, int m, int n, int k, long a, int lda, long b, int ldb, long c, int ldc);

  @Override
  void close();
}
