package io.depthscope.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.plan.Recording;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.RandomCases;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Programs from compilation to closing, failures included. */
class ProgramLifecycleTest {

  static List<Backend> backends() {
    return List.of(new ReferenceBackend(), new CpuBackend(1), new CpuBackend(3));
  }

  private final PlanCase c = RandomCases.network(10_003);

  @ParameterizedTest
  @MethodSource("backends")
  void aFailureArrivesThroughTheFuture(Backend backend) throws Exception {
    InputBatch good = c.batch();
    byte[] cut = Arrays.copyOf(good.pixels(), good.pixels().length / 2);
    try (Program program = backend.compile(c.plan(Recording.STATISTICS), good.count())) {
      Future<BatchOutput> bad =
          program.submit(new InputBatch(good.count(), good.indices(), cut, null));
      ExecutionException e = assertThrows(ExecutionException.class, bad::get);
      assertTrue(e.getCause() instanceof IndexOutOfBoundsException, () -> "cause " + e.getCause());
      float[] after = program.submit(good).get().baseline();
      try (Program fresh = backend.compile(c.plan(Recording.STATISTICS), good.count())) {
        assertArrayEquals(fresh.submit(good).get().baseline(), after);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void anEmptyBatchGivesNothing(Backend backend) throws Exception {
    try (Program program = backend.compile(c.plan(Recording.STATISTICS), 1)) {
      BatchOutput out = program.submit(new InputBatch(0, new int[0], new byte[0], null)).get();
      assertEquals(0, out.count());
      assertEquals(0, out.baseline().length);
      assertEquals(0, program.statistics().images());
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void closingTwiceIsAllowed(Backend backend) {
    Program program = backend.compile(c.plan(Recording.PAIRED), 1);
    program.close();
    program.close();
    assertTrue(backend.memoryBytes(c.plan(Recording.PAIRED), 1) > 0);
  }

  @Test
  void aClosedProgramTakesNoBatchAndStillAnswers() {
    Program program = new CpuBackend(1).compile(c.plan(Recording.STATISTICS), 4);
    PlanCase.await(program.submit(c.batch()));
    program.close();
    assertThrows(IllegalStateException.class, () -> program.submit(c.batch()));
    assertEquals(c.batch().count(), program.statistics().images());
  }

  @Test
  void refusesNonsense() {
    assertThrows(IllegalArgumentException.class, () -> new CpuBackend(0));
    assertThrows(IllegalArgumentException.class, () -> new InputBatch(1, new int[1], null, null));
    assertThrows(
        IllegalArgumentException.class,
        () -> new InputBatch(1, new int[1], new byte[1], new float[1]));
    assertThrows(
        IllegalArgumentException.class, () -> new InputBatch(2, new int[1], new byte[2], null));
  }
}
