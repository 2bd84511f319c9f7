package io.depthscope.contract;

import io.depthscope.backend.Backend;
import io.depthscope.testkit.GpuBackend;
import java.util.List;
import org.junit.jupiter.api.Tag;

/** Statistics of any data, on a GPU or the emulated driver. */
@Tag("gpu")
class CudaAnyDataTest extends AnyDataContract {
  @Override
  List<Backend> backends() {
    return List.of(GpuBackend.get());
  }
}
