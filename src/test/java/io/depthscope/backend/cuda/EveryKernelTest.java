package io.depthscope.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.device.Device;
import io.depthscope.device.KernelSpec;
import io.depthscope.graph.Op;
import io.depthscope.plan.Recording;
import io.depthscope.plan.Step;
import io.depthscope.testkit.EmulatedDriver;
import io.depthscope.testkit.GpuBackend;
import io.depthscope.testkit.HostMatrices;
import io.depthscope.testkit.LaunchCounter;
import io.depthscope.verification.LayerComparison;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.ProbedCase;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every kernel of the catalog, on every layer it can run, in every recording, against the oracle.
 * All variants of a layer owe the same bits.
 */
@Tag("gpu")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EveryKernelTest {
  private static final List<Recording> RECORDINGS = List.of(Recording.values());

  private final LayerComparison comparison = new LayerComparison();
  private List<PlanCase> cases = List.of();
  private final Map<String, Long> before = new TreeMap<>();
  private LaunchCounter counter;
  private CudaBackend cuda;
  private HostMatrices matrices;
  private int ran;

  IntStream numbers() {
    return IntStream.range(0, cases.size());
  }

  @BeforeAll
  void open() {
    Device device = GpuBackend.device();
    counter = new LaunchCounter(device);
    cuda = new CudaBackend(counter.device(), CudaOptions.DEFAULT);
    cases = LayerCases.all(cuda);
    matrices = new HostMatrices(counter.device());
    for (KernelSpec kernel : KernelCatalog.all()) {
      before.put(
          kernel.symbol(),
          GpuBackend.emulated() ? EmulatedDriver.launches(kernel.symbol()) : Long.valueOf(0));
    }
  }

  /** Each kernel that can run the last layer under a recording, and a library if it can. */
  private List<CudaBackend> variants(PlanCase c, Recording recording) {
    Step last = c.plan(recording).steps().getLast();
    List<CudaBackend> all = new ArrayList<>();
    for (DeviceLayer l : DeviceLayer.candidates(last, recording)) {
      all.add(cuda.with(new CudaOptions(null, l.kernel().symbol())));
    }
    boolean product = last.op() instanceof Op.Convolution conv && conv.isPointwise();
    if (product) {
      all.add(cuda.with(new CudaOptions(matrices, "")));
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("numbers")
  void agreesWithTheOracle(int number) {
    PlanCase c = cases.get(number);
    String text = "case " + number + ": " + c.text();
    ProbedCase probed = ProbedCase.of(cuda, c);
    probed.againstTheOracle(comparison).assertNone(text);
    for (Recording recording : RECORDINGS) {
      for (CudaBackend variant : variants(c, recording)) {
        String which = variant.description().replaceFirst(".*, kernels", "kernels");
        probed.recordedBy(variant, recording).assertNone(which + ", " + recording + ", " + text);
      }
    }
    ran++;
  }

  @AfterAll
  void everyKernelRan() {
    if (ran == 0) {
      return; // all were skipped
    }
    assertEquals(cases.size(), ran, "cases that passed");
    List<String> never = new ArrayList<>();
    long launches = 0;
    for (KernelSpec kernel : KernelCatalog.all()) {
      long n = counter.launches().getOrDefault(kernel.symbol(), 0L);
      if (n == 0) {
        never.add(kernel.symbol());
      }
      if (GpuBackend.emulated()) {
        assertEquals(
            n,
            EmulatedDriver.launches(kernel.symbol()) - before.get(kernel.symbol()),
            kernel.symbol() + " on the emulated driver");
      }
      launches += n;
    }
    System.out.printf(
        "kernels: %d of %d of the catalog ran in %d launches over %d layers on %s%n",
        KernelCatalog.all().size() - never.size(),
        KernelCatalog.all().size(),
        launches,
        cases.size(),
        cuda.device().info().name());
    System.out.println("layers of every kind: " + comparison);
    assertEquals(List.of(), never, "kernels that never ran");
    assertTrue(matrices.products() > 100, "products by the library: " + matrices.products());
    assertTrue(comparison.compared() > 500_000, comparison::toString);
    comparison.ties().assertNone("codes that differ");
  }
}
