package io.depthscope.diagnosis;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.record.Run;
import io.depthscope.stats.Confidence;
import io.depthscope.stats.Interval;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** What is said of a run. */
class RunVerdictTest {

  @Test
  void aLossIsToldWithItsInterval() {
    Run run = new RunFixture().broken().run();
    String told = RunVerdict.of(run);
    Interval right = new Confidence(0.95).share(10, RunFixture.IMAGES);
    String top1 =
        String.format(
            Locale.ROOT,
            "top-1 10.0 %% (%.1f to %.1f) quantized",
            100 * right.low(),
            100 * right.high());
    assertTrue(told.contains(top1), told);
    assertTrue(told.contains("on 100 images"), told);
    long before = run.predictions().stream().filter(p -> p.rightFp32()).count();
    assertTrue(told.contains((before - 10) + ".0 points lost ("), told);
  }

  /** One image of a hundred is nothing to speak of. */
  @Test
  void whatChanceExplainsIsNoLoss() {
    RunFixture fixture = new RunFixture();
    fixture.rightQuantized = fixture.rightFp32 - 1;
    String told = RunVerdict.of(fixture.run());
    assertTrue(told.endsWith("no more lost than chance explains."), told);
  }
}
