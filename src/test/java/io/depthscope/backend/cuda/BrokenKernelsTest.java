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
import io.depthscope.verification.Findings;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.RandomCases;
import io.depthscope.verification.RegressionSuite;
import io.depthscope.verification.RegressionSuite.Extent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The checks of {@code verify} notice kernels with a planted fault, and pass sound ones. */
@Tag("gpu")
class BrokenKernelsTest {
  private static final String[] VERIFY = {"verify", "--backend", "cuda", "--random", "20"};

  @TempDir private static Path folder;
  private static final Map<BrokenKernels, Future<JavaProcess>> runs = new HashMap<>();
  private static ExecutorService threads;

  static List<BrokenKernels> faults() {
    return BrokenKernels.all();
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

    private static void stop(String what, Findings findings) {
      if (!findings.isEmpty()) {
        throw new Found(what + ": " + findings.toString().lines().findFirst().get());
      }
    }

    public static void main(String[] args) throws IOException {
      try (CudaBackend cuda = new CudaBackend(JCudaDevices.open(0), CudaOptions.DEFAULT)) {
        RegressionSuite suite = new RegressionSuite(cuda);
        Stream.of(suite.layers(), suite.random(Extent.ofLayers(20)), suite.golden())
            .flatMap(parts -> parts)
            .forEach(part -> part.checks().run(FirstFailure::stop));
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

  /** What came of a fault, or of none. */
  private static JavaProcess run(BrokenKernels fault, Class<?> main, String... args) {
    try {
      Path own = Files.createDirectories(folder.resolve(fault.name()));
      return java(fault.build(sound(), own), main, args);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Compilers and broken kernels side by side: each keeps one processor busy. */
  @BeforeAll
  static void begin() {
    GpuBackend.get();
    assumeTrue(GpuBackend.emulated(), "a GPU's driver runs the kernels of the program alone");
    threads = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
    for (BrokenKernels fault : faults()) {
      runs.put(fault, threads.submit(() -> run(fault, FirstFailure.class)));
    }
    runs.put(
        BrokenKernels.ORDER_OF_BLOCKS,
        threads.submit(() -> run(BrokenKernels.ORDER_OF_BLOCKS, BatchSizes.class)));
    runs.put(
        BrokenKernels.FORGETS_A_MOMENT,
        threads.submit(() -> run(BrokenKernels.FORGETS_A_MOMENT, Main.class, VERIFY)));
  }

  @AfterAll
  static void end() {
    if (threads != null) {
      threads.close();
    }
  }

  @ParameterizedTest
  @MethodSource("faults")
  void aFaultIsNoticed(BrokenKernels fault) throws ExecutionException, InterruptedException {
    JavaProcess run = runs.get(fault).get();
    assertEquals(0, run.exit(), run::toString);
    assertTrue(run.out().startsWith("found in "), () -> fault + " is not noticed: " + run);
    System.out.println(fault + ": " + run.out().lines().findFirst().orElseThrow());
  }

  @Test
  void anOrderThatDependsOnTheBlockShowsInTheBatchSize()
      throws ExecutionException, InterruptedException {
    JavaProcess run = runs.get(BrokenKernels.ORDER_OF_BLOCKS).get();
    assertEquals("found in batches of 1 and 2", run.out().strip(), run::toString);
    JavaProcess good = java(sound().toString(), BatchSizes.class);
    assertEquals("nothing found", good.out().strip(), good::toString);
  }

  @Test
  void verifyFailsOnABrokenDriver() throws ExecutionException, InterruptedException {
    JavaProcess bad = runs.get(BrokenKernels.FORGETS_A_MOMENT).get();
    assertEquals(1, bad.exit(), bad::toString);
    assertTrue(bad.out().contains("FAIL"), bad::toString);
    assertTrue(bad.out().lines().anyMatch(l -> l.contains("third moment")), bad::toString);
  }

  @Test
  void verifyPassesOnTheSoundDriver() {
    JavaProcess good = java(sound().toString(), Main.class, VERIFY);
    assertEquals(0, good.exit(), good::toString);
    assertTrue(good.out().lines().toList().getLast().startsWith("PASS: "), good::toString);
  }
}
