package io.depthscope.contract;

import io.depthscope.backend.Backend;
import io.depthscope.backend.cpu.CpuBackend;

/** Whole networks on the vector backend. */
class CpuNetworkTest extends NetworkContract {
  @Override
  Backend backend() {
    return new CpuBackend(2);
  }
}
