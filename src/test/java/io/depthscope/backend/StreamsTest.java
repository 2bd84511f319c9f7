package io.depthscope.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.plan.Arithmetic;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.plan.Streams;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.RandomCases;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which arithmetic a stream computes by is the plan's choice, for each stream by itself. */
class StreamsTest {

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void aStreamIsTheSameOnEitherSideAndAlone(Arithmetic arithmetic) {
    for (long seed = 1; seed <= 30; seed++) {
      PlanCase c = RandomCases.network(seed);
      Plan usual = c.plan(Recording.PAIRED).with(Feed.ACCUMULATED, Recording.PAIRED);
      BatchOutput pair = run(usual, c);
      float[] expected = arithmetic == Arithmetic.FLOAT32 ? pair.baseline() : pair.candidate();
      Plan twice = usual.with(new Streams(arithmetic, arithmetic));
      BatchOutput same = run(twice, c);
      assertArrayEquals(expected, same.baseline(), c.text());
      assertArrayEquals(expected, same.candidate(), c.text());
      BatchOutput alone = run(twice.with(Feed.ACCUMULATED, Recording.PLAIN), c);
      assertArrayEquals(expected, alone.baseline(), c.text());
      assertEquals(0, alone.candidate().length);
    }
  }

  @Test
  void theErrorIsThatOfTheCandidateAgainstTheBaseline() {
    PlanCase c = RandomCases.network(3);
    Plan usual = c.plan(Recording.STATISTICS).with(Feed.ACCUMULATED, Recording.STATISTICS);
    Plan turned = usual.with(new Streams(Arithmetic.SIMULATED, Arithmetic.FLOAT32));
    LayerAccumulator error = last(usual, c);
    LayerAccumulator back = last(turned, c);
    assertTrue(error.layerError().statistics().mse() > 0, c.text());
    assertEquals(error.layerError().statistics().mse(), back.layerError().statistics().mse());
    assertEquals(error.baseline().layer(), back.candidate().layer());
    assertEquals(error.candidate().layer(), back.baseline().layer());
    assertEquals(0, back.codes().length); // the candidate has none
    Streams twice = new Streams(Arithmetic.SIMULATED, Arithmetic.SIMULATED);
    assertEquals(0, last(usual.with(twice), c).layerError().statistics().mse());
  }

  @Test
  void sourcesOfTheErrorAreThoseOfQuantization() {
    Plan plan = RandomCases.network(3).plan(Recording.ERROR_SOURCES);
    Streams same = new Streams(Arithmetic.FLOAT32, Arithmetic.FLOAT32);
    assertThrows(IllegalArgumentException.class, () -> plan.with(same));
  }

  @Test
  void theCpuRefusesOtherStreams() {
    Streams same = new Streams(Arithmetic.FLOAT32, Arithmetic.FLOAT32);
    Plan plan = RandomCases.network(3).plan(Recording.PAIRED).with(same);
    try (CpuBackend cpu = new CpuBackend(1)) {
      BackendException e = assertThrows(BackendException.class, () -> cpu.compile(plan, 1));
      assertTrue(e.isMissing());
      assertEquals("float32 against float32 is not on the cpu backend yet", e.getMessage());
    }
  }

  private static BatchOutput run(Plan plan, PlanCase c) {
    try (Program program = new ReferenceBackend().compile(plan, c.batch().count())) {
      return PlanCase.await(program.submit(c.batch()));
    }
  }

  private static LayerAccumulator last(Plan plan, PlanCase c) {
    try (Program program = new ReferenceBackend().compile(plan, c.batch().count())) {
      PlanCase.await(program.submit(c.batch()));
      return program.statistics().layer(plan.steps().size() - 1);
    }
  }
}
