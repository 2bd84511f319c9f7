package io.depthscope.contract;

import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.verification.RegressionSuite;
import io.depthscope.verification.RegressionSuite.Extent;

/** The oracle itself: it gives the same again, and records what it computes. */
class ReferencePlansTest extends RandomPlansContract {
  ReferencePlansTest() {
    super(new Extent(400, 60, 30, 0), 200_000, 20_000);
  }

  @Override
  RegressionSuite suite() {
    return new RegressionSuite(new ReferenceBackend());
  }
}
