package io.depthscope.device.jcuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** What manifests say, and what a run is resumed by. */
class CublasDescriptionTest {
  @Test
  void tf32IsNamed() {
    assertEquals("cuBLAS 12.6.1", CublasMatrices.description("12.6.1", false));
    assertEquals("cuBLAS 12.6.1 with TF32", CublasMatrices.description("12.6.1", true));
  }
}
