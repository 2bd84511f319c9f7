package io.depthscope.backend.cuda;

import io.depthscope.device.MatrixLibrary;

/**
 * Choices beside what is best by default.
 *
 * @param matrices a vendor's matrix product for pointwise and fully connected layers, or null for
 *     this project's own kernels. With a library, the last bits of a result may depend on the batch
 *     size.
 * @param kernel name of a kernel to prefer where it can run a layer; empty for the best
 */
public record CudaOptions(MatrixLibrary matrices, String kernel) {

  public static final CudaOptions DEFAULT = new CudaOptions(null, "");

  boolean library() {
    return matrices != null;
  }
}
