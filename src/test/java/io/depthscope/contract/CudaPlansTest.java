package io.depthscope.contract;

import io.depthscope.testkit.GpuBackend;
import io.depthscope.verification.RegressionSuite;
import io.depthscope.verification.RegressionSuite.Extent;
import org.junit.jupiter.api.Tag;

/** A thousand random plans on CUDA kernels against the oracle. */
@Tag("gpu")
class CudaPlansTest extends RandomPlansContract {
  CudaPlansTest() {
    super(new Extent(900, 100, 30, 4), 500_000, 20_000);
  }

  @Override
  RegressionSuite suite() {
    return new RegressionSuite(GpuBackend.get());
  }
}
