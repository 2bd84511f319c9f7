package io.depthscope.contract;

import io.depthscope.backend.Backend;
import io.depthscope.testkit.GpuBackend;
import java.util.List;
import org.junit.jupiter.api.Tag;

/** The contract on a GPU or on the emulated driver. */
@Tag("gpu")
class CudaContractTest extends BackendContract {
  @Override
  List<Backend> backends() {
    return List.of(GpuBackend.get());
  }
}
