package io.depthscope.contract;

import io.depthscope.backend.Backend;
import io.depthscope.testkit.GpuBackend;
import org.junit.jupiter.api.Tag;

/** Whole networks on a GPU or on the emulated driver. */
@Tag("gpu")
class CudaNetworkTest extends NetworkContract {
  @Override
  Backend backend() {
    return GpuBackend.get();
  }
}
