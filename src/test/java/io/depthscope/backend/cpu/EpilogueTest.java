package io.depthscope.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.Program;
import io.depthscope.plan.Recording;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.RandomCases;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is not recorded is finished by other loops, which must give the same values. */
class EpilogueTest {
  private static final int CASES = 40;

  @Test
  void whatIsRecordedChangesNoBit() throws Exception {
    int checked = 0;
    for (int seed = 0; seed < CASES; seed++) {
      for (PlanCase c : List.of(RandomCases.network(30_000 + seed), RandomCases.layer(seed))) {
        if (!c.runsOn(new CpuBackend(1))) {
          continue;
        }
        BatchOutput all = run(c, Recording.STATISTICS);
        BatchOutput paired = run(c, Recording.PAIRED);
        assertArrayEquals(all.baseline(), paired.baseline(), c.text());
        assertArrayEquals(all.candidate(), paired.candidate(), c.text());
        assertArrayEquals(all.baseline(), run(c, Recording.PLAIN).baseline(), c.text());
        checked++;
      }
    }
    assertTrue(checked >= CASES, checked + " cases");
  }

  private static BatchOutput run(PlanCase c, Recording recording) throws Exception {
    try (Program program = new CpuBackend(1).compile(c.plan(recording), c.batch().count())) {
      return program.submit(c.batch()).get();
    }
  }
}
