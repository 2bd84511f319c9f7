package io.depthscope.contract;

import io.depthscope.backend.Backend;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.backend.reference.ReferenceBackend;
import java.util.List;

/** Parts of plans on the backends every machine has. */
class CpuPartsTest extends PartsContract {
  @Override
  List<Backend> backends() {
    return List.of(new ReferenceBackend(), new CpuBackend(2));
  }
}
