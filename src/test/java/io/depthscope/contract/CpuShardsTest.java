package io.depthscope.contract;

import io.depthscope.backend.Backend;
import io.depthscope.backend.cpu.CpuBackend;
import java.util.List;

class CpuShardsTest extends ShardsContract {
  @Override
  List<Backend> equalBackends() {
    return List.of(new CpuBackend(1), new CpuBackend(2));
  }
}
