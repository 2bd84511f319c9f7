package io.depthscope.contract;

import io.depthscope.backend.Backend;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.backend.reference.ReferenceBackend;
import java.util.List;

/** The contract on the backends every machine has. */
class CpuContractTest extends BackendContract {
  @Override
  List<Backend> backends() {
    return List.of(new ReferenceBackend(), new CpuBackend(1), new CpuBackend(3));
  }
}
