package io.depthscope.contract;

import io.depthscope.backend.Backend;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.backend.reference.ReferenceBackend;
import java.util.List;

/** Statistics of any data on the backends every machine has. */
class CpuAnyDataTest extends AnyDataContract {
  @Override
  List<Backend> backends() {
    return List.of(new ReferenceBackend(), new CpuBackend(2));
  }
}
