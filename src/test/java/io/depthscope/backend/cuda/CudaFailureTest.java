package io.depthscope.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.depthscope.backend.BackendException;
import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.device.Device;
import io.depthscope.device.DeviceException;
import io.depthscope.device.KernelImage;
import io.depthscope.device.jcuda.JCudaDevices;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.testkit.Digests;
import io.depthscope.testkit.EmulatedDriver;
import io.depthscope.testkit.GpuBackend;
import io.depthscope.testkit.JavaProcess;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.RandomCases;
import io.depthscope.verification.StatisticsCheck;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What becomes of programs when a device fails, or is closed under them. */
@Tag("gpu")
class CudaFailureTest {
  private final PlanCase c = RandomCases.network(10_003);

  @AfterEach
  void sound() {
    if (GpuBackend.emulated() && GpuBackend.device() != null) {
      EmulatedDriver.reset();
    }
  }

  private static CudaBackend cuda() {
    return (CudaBackend) GpuBackend.get();
  }

  private static void emulatedOnly() {
    GpuBackend.get();
    assumeTrue(GpuBackend.emulated(), "a GPU does not fail when it is asked to");
  }

  private static List<Long> alive() {
    return List.of(
        EmulatedDriver.live("allocations"),
        EmulatedDriver.live("host_allocations"),
        EmulatedDriver.live("streams"),
        EmulatedDriver.live("events"));
  }

  /** Whatever allocation it is, the message names a batch, and nothing is kept. */
  @Test
  void runsOutOfMemoryAtAnyAllocation() {
    emulatedOnly();
    CudaBackend cuda = cuda();
    Plan plan = c.plan(Recording.ERROR_SOURCES);
    cuda.compile(plan, 8).close();
    List<Long> before = alive();
    int failed = 0;
    for (boolean compiled = false; !compiled; ) {
      EmulatedDriver.set("FAIL_ALLOCATION", failed + 1);
      try {
        cuda.compile(plan, 8).close();
        compiled = true;
      } catch (BackendException e) {
        failed++;
        assertTrue(
            e.getMessage()
                .matches("out of GPU memory: a batch of 8 needs \\d+ MiB, .*; try --batch 4"),
            e::getMessage);
      }
      EmulatedDriver.reset();
      assertEquals(before, alive(), "left behind after allocation " + failed);
    }
    assertTrue(failed > 20, "only " + failed + " allocations");
    EmulatedDriver.set("FAIL_ALLOCATION", 3);
    BackendException one = assertThrows(BackendException.class, () -> cuda.compile(plan, 1));
    assertTrue(one.getMessage().endsWith("; not even one image fits"), one::getMessage);
  }

  /** Room for values is made when they first come. */
  @Test
  void runningOutOfMemoryLaterFailsTheBatch() {
    emulatedOnly();
    PlanCase values = RandomCases.layer(3);
    List<Long> before = alive();
    try (Program program =
        cuda().compile(values.plan(Recording.STATISTICS), values.batch().count())) {
      EmulatedDriver.set("FAIL_ALLOCATION", 1);
      Future<BatchOutput> out = program.submit(values.batch());
      ExecutionException e = assertThrows(ExecutionException.class, out::get);
      assertTrue(e.getCause().getMessage().contains("OUT_OF_MEMORY"), e::toString);
      assertThrows(BackendException.class, program::statistics);
    }
    assertEquals(before, alive());
    assertTrue(
        StatisticsCheck.run(cuda(), values, Recording.STATISTICS, values.probe(cuda())).isEmpty());
  }

  @Test
  void aPlanThatDoesNotFitIsRefusedBeforehand() {
    emulatedOnly();
    Plan plan = c.plan(Recording.ERROR_SOURCES);
    cuda().checkDevice(plan, 8);
    long needs = cuda().deviceBytes(plan, 4096);
    EmulatedDriver.set("MEMORY", needs / 2 + EmulatedDriver.live("bytes"));
    BackendException e = assertThrows(BackendException.class, () -> cuda().checkDevice(plan, 4096));
    assertTrue(e.getMessage().contains("; try --batch "), e::getMessage);
    int batch = Integer.parseInt(e.getMessage().replaceFirst(".*--batch ", ""));
    cuda().checkDevice(plan, batch);
    cuda().compile(plan, batch).close();
  }

  @Test
  void imagesThatAreNotPtxAreRefusedWithAReason() {
    CudaBackend cuda = cuda();
    byte[] before = Digests.run(cuda, c, Recording.STATISTICS, 2);
    KernelImage good = KernelImages.forCapability(75).getFirst();
    Random random = new Random(9);
    List<byte[]> bad = new ArrayList<>();
    bad.add(new byte[0]);
    bad.add(Arrays.copyOf(good.bytes(), good.bytes().length / 2));
    bad.add(Arrays.copyOf(good.bytes(), good.bytes().length - 20));
    byte[] noise = new byte[5000];
    random.nextBytes(noise);
    bad.add(noise);
    String text = new String(good.bytes(), StandardCharsets.US_ASCII);
    bad.add(
        text.replaceFirst("\\.version 6\\.3", ".version 99.9").getBytes(StandardCharsets.US_ASCII));
    bad.add(
        text.replaceFirst("\\.target sm_75", ".target sm_990").getBytes(StandardCharsets.US_ASCII));
    for (byte[] bytes : bad) {
      DeviceException e =
          assertThrows(
              DeviceException.class,
              () -> GpuBackend.device().load(new KernelImage("bad.ptx", bytes, "")));
      assertTrue(e.getMessage().startsWith("load bad.ptx failed with CUDA_ERROR_"), e::getMessage);
      assertEquals(1, e.getMessage().lines().count(), e::getMessage);
    }
    assertArrayEquals(before, Digests.run(cuda, c, Recording.STATISTICS, 2));
  }

  @Test
  void closedProgramsTakeNoBatch() throws ExecutionException, InterruptedException {
    int n = c.batch().count();
    Program program = cuda().compile(c.plan(Recording.STATISTICS), n);
    List<Future<BatchOutput>> underWay = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      underWay.add(program.submit(c.batch()));
    }
    program.close();
    program.close();
    assertThrows(IllegalStateException.class, () -> program.submit(c.batch()));
    assertThrows(IllegalStateException.class, program::statistics);
    float[] expected = c.probe(cuda()).getLast().x();
    for (Future<BatchOutput> out : underWay) {
      assertTrue(out.isDone(), "a batch without a result");
      assertArrayEquals(expected, out.get().baseline());
    }
  }

  @Test
  void aFinishedBatchOutlivesItsProgram() throws ExecutionException, InterruptedException {
    Future<BatchOutput> done;
    try (Program program = cuda().compile(c.plan(Recording.PAIRED), c.batch().count())) {
      done = program.submit(c.batch());
      done.get();
    }
    assertEquals(c.batch().count(), done.get().count());
  }

  @Test
  void aBatchTooLargeOrTooShortLeavesTheProgramSound() {
    int n = c.batch().count();
    byte[] cut = Arrays.copyOf(c.batch().pixels(), c.batch().pixels().length / 2);
    try (Program program = cuda().compile(c.plan(Recording.STATISTICS), n - 1);
        Program fresh = cuda().compile(c.plan(Recording.STATISTICS), n)) {
      assertThrows(IllegalArgumentException.class, () -> program.submit(c.batch()));
      InputBatch part = StatisticsCheck.slice(c, 0, n - 1);
      Future<BatchOutput> bad = fresh.submit(new InputBatch(n, c.batch().indices(), cut, null));
      ExecutionException e = assertThrows(ExecutionException.class, bad::get);
      assertTrue(e.getCause() instanceof IndexOutOfBoundsException, e::toString);
      float[] expected = PlanCase.await(program.submit(part)).baseline();
      assertArrayEquals(expected, PlanCase.await(fresh.submit(part)).baseline());
      assertEquals(n - 1, fresh.statistics().images());
      assertEquals(n - 1, program.statistics().images());
      InputBatch none = new InputBatch(0, new int[0], new byte[0], null);
      assertEquals(0, PlanCase.await(fresh.submit(none)).count());
    }
  }

  /** A device that fails while two programs use it; a launch that fails takes all with it. */
  static final class FailedDevice {
    private FailedDevice() {}

    public static void main(String[] args) throws InterruptedException {
      PlanCase c = RandomCases.network(10_003);
      Plan plan = c.plan(Recording.STATISTICS);
      Device device = JCudaDevices.open(0);
      CudaBackend cuda = new CudaBackend(device, CudaOptions.DEFAULT);
      Program program = cuda.compile(plan, 4);
      Program other = cuda.compile(plan, 4);
      PlanCase.await(program.submit(StatisticsCheck.slice(c, 0, 1)));
      say("statistics of " + program.statistics().images());
      EmulatedDriver.set("FAIL_LAUNCH", 5);
      Future<BatchOutput> failed = program.submit(StatisticsCheck.slice(c, 0, 1));
      Future<BatchOutput> after = program.submit(StatisticsCheck.slice(c, 1, 2));
      for (Future<BatchOutput> f : List.of(failed, after)) {
        try {
          f.get();
          say("BAD: a result");
        } catch (ExecutionException e) {
          say(e.getCause());
        }
      }
      attempt("statistics", program::statistics);
      attempt("other", () -> PlanCase.await(other.submit(StatisticsCheck.slice(c, 0, 1))));
      attempt("compile", () -> cuda.compile(plan, 1));
      attempt("check", () -> cuda.checkDevice(plan, 1));
      attempt("close", program::close);
      attempt("close again", program::close);
      attempt("close other", other::close);
      attempt("close device", cuda::close);
      EmulatedDriver.reset();
      EmulatedDriver.destroyContexts();
      try (CudaBackend again = new CudaBackend(JCudaDevices.open(0), CudaOptions.DEFAULT);
          Program sound = again.compile(plan, 4)) {
        PlanCase.await(sound.submit(StatisticsCheck.slice(c, 0, 2)));
        say("afterwards " + sound.statistics().images());
      }
    }

    private static void say(Object what) {
      System.out.println(what.toString().lines().findFirst().orElse(""));
    }

    private static void attempt(String what, Runnable call) {
      try {
        call.run();
        say(what + ": done");
      } catch (BackendException | DeviceException e) {
        say(what + ": " + e);
      } catch (IllegalStateException e) {
        say(what + ": " + e.getCause());
      }
    }
  }

  @Test
  void aFailedDeviceSaysSoToEverybody() {
    emulatedOnly();
    JavaProcess run =
        JavaProcess.run(
            Map.of("DEPTHSCOPE_EMULATOR_REPORT_LEAKS", "0"),
            List.of("-Ddepthscope.cuda.driver=" + System.getProperty("depthscope.cuda.driver")),
            FailedDevice.class);
    assertEquals(0, run.exit(), run::toString);
    List<String> lines = run.out().lines().toList();
    assertEquals("statistics of 1", lines.getFirst());
    assertEquals("afterwards 2", lines.getLast());
    String failure = "io.depthscope.backend.BackendException: backend cuda: ";
    for (int i = 1; i <= 2; i++) {
      assertTrue(lines.get(i).startsWith(failure), run::out);
      assertTrue(lines.get(i).contains("CUDA_ERROR_LAUNCH_FAILED (719)"), run::out);
    }
    assertEquals(lines.get(1), lines.get(2), "the first failure is the one that counts");
    assertTrue(lines.get(3).startsWith("statistics: " + failure), run::out);
    for (String what : List.of("other", "compile", "check")) {
      assertTrue(
          lines.stream().anyMatch(l -> l.startsWith(what + ": " + failure) && l.contains("(719)")),
          what + " in " + run.out());
    }
    assertTrue(lines.contains("close: done") && lines.contains("close again: done"), run::out);
    assertFalse(run.out().contains("BAD"), run::out);
  }
}
