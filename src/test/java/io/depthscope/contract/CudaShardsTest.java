package io.depthscope.contract;

import io.depthscope.backend.Backend;
import io.depthscope.testkit.GpuBackend;
import java.util.List;
import org.junit.jupiter.api.Tag;

/** Blocks that are filled on a GPU or on the emulated driver. */
@Tag("gpu")
class CudaShardsTest extends ShardsContract {
  @Override
  List<Backend> equalBackends() {
    return List.of(GpuBackend.get());
  }
}
