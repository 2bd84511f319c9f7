package io.depthscope.contract;

import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.verification.RegressionSuite;
import io.depthscope.verification.RegressionSuite.Extent;
import java.util.List;

/** The fast backend against the oracle, with one to three threads in turn. */
class CpuPlansTest extends RandomPlansContract {
  CpuPlansTest() {
    super(new Extent(400, 60, 30, 6), 200_000, 20_000);
  }

  @Override
  RegressionSuite suite() {
    return new RegressionSuite(List.of(new CpuBackend(1), new CpuBackend(2), new CpuBackend(3)));
  }
}
