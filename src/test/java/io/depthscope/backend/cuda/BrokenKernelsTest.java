package io.depthscope.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.depthscope.backend.BackendException;
import io.depthscope.cli.Main;
import io.depthscope.device.jcuda.JCudaDevices;
import io.depthscope.plan.Recording;
import io.depthscope.testkit.Digests;
import io.depthscope.testkit.GpuBackend;
import io.depthscope.testkit.JavaProcess;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.RandomCases;
import io.depthscope.verification.RegressionSuite;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The checks of {@code verify} notice kernels with a planted fault, and pass sound ones. */
@Tag("gpu")
class BrokenKernelsTest {
  @TempDir private Path folder;

  static List<BrokenKernels> faults() {
    return BrokenKernels.all();
  }

  @BeforeEach
  void onlyOnTheEmulatedDriver() {
    GpuBackend.get();
    assumeTrue(GpuBackend.emulated(), "a GPU's driver runs the kernels of the program alone");
  }

  private static Path sound() {
    return Path.of(System.getProperty("depthscope.cuda.driver"));
  }

  private static JavaProcess java(String driver, Class<?> main, String... args) {
    return JavaProcess.run(Map.of(), List.of("-Ddepthscope.cuda.driver=" + driver), main, args);
  }

  /** The suite of {@code verify} up to the first check that fails. */
  static final class FirstFailure {
    private FirstFailure() {}

    private static final class Found extends RuntimeException {
      private static final long serialVersionUID = 1;

      Found(String what) {
        super(what);
      }
    }

    public static void main(String[] args) throws IOException {
      try (CudaBackend cuda = new CudaBackend(JCudaDevices.open(0), CudaOptions.DEFAULT)) {
        RegressionSuite suite =
            new RegressionSuite(
                cuda,
                (what, findings) -> {
                  if (!findings.isEmpty()) {
                    throw new Found(what + ": " + findings.toString().lines().findFirst().get());
                  }
                });
        suite.random(20);
        suite.golden();
        System.out.println("nothing found");
      } catch (Found e) {
        System.out.println("found in " + e.getMessage());
      } catch (BackendException | IllegalStateException e) {
        System.out.println("found in " + e.getMessage());
      }
    }
  }

  /** Whether statistics are the same bytes for two batch sizes. */
  static final class BatchSizes {
    private BatchSizes() {}

    public static void main(String[] args) {
      try (CudaBackend cuda = new CudaBackend(JCudaDevices.open(0), CudaOptions.DEFAULT)) {
        PlanCase c = RandomCases.separable(20_000);
        boolean same =
            Arrays.equals(
                Digests.run(cuda, c, Recording.STATISTICS, 1),
                Digests.run(cuda, c, Recording.STATISTICS, 2));
        System.out.println(same ? "nothing found" : "found in batches of 1 and 2");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("faults")
  void aFaultIsNoticed(BrokenKernels fault) throws IOException, InterruptedException {
    JavaProcess run = java(fault.build(sound(), folder), FirstFailure.class);
    assertEquals(0, run.exit(), run::toString);
    assertTrue(run.out().startsWith("found in "), () -> fault + " is not noticed: " + run);
    System.out.println(fault + ": " + run.out().lines().findFirst().orElseThrow());
  }

  @Test
  void anOrderThatDependsOnTheBlockShowsInTheBatchSize() throws IOException, InterruptedException {
    JavaProcess run = java(BrokenKernels.ORDER_OF_BLOCKS.build(sound(), folder), BatchSizes.class);
    assertEquals("found in batches of 1 and 2", run.out().strip(), run::toString);
    JavaProcess good = java(sound().toString(), BatchSizes.class);
    assertEquals("nothing found", good.out().strip(), good::toString);
  }

  @Test
  void verifyFailsOnABrokenDriver() throws IOException, InterruptedException {
    JavaProcess bad =
        java(
            BrokenKernels.FORGETS_A_MOMENT.build(sound(), folder),
            Main.class,
            "verify",
            "--backend",
            "cuda",
            "--random",
            "20");
    assertEquals(1, bad.exit(), bad::toString);
    assertTrue(bad.out().contains("FAIL"), bad::toString);
    assertTrue(bad.out().lines().anyMatch(l -> l.contains("third moment")), bad::toString);
  }

  @Test
  void verifyPassesOnTheSoundDriver() {
    JavaProcess good =
        java(sound().toString(), Main.class, "verify", "--backend", "cuda", "--random", "20");
    assertEquals(0, good.exit(), good::toString);
    assertTrue(good.out().lines().toList().getLast().startsWith("PASS: "), good::toString);
  }
}
