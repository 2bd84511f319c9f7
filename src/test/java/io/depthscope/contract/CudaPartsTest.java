package io.depthscope.contract;

import io.depthscope.backend.Backend;
import io.depthscope.testkit.GpuBackend;
import java.util.List;
import org.junit.jupiter.api.Tag;

/** Parts of plans on a GPU or on the emulated driver. */
@Tag("gpu")
class CudaPartsTest extends PartsContract {
  @Override
  List<Backend> backends() {
    return List.of(GpuBackend.get());
  }
}
