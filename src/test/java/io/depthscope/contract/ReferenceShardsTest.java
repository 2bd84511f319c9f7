package io.depthscope.contract;

import io.depthscope.backend.Backend;
import io.depthscope.backend.reference.ReferenceBackend;
import java.util.List;

class ReferenceShardsTest extends ShardsContract {
  @Override
  List<Backend> equalBackends() {
    return List.of(new ReferenceBackend());
  }
}
