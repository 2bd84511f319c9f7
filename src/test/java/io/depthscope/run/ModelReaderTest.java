package io.depthscope.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.depthscope.plan.Arithmetic;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.plan.Streams;
import io.depthscope.verification.RandomCases;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What backends lack is told without a device. */
class ModelReaderTest {
  @Test
  void eachBackendSaysWhatItLacks() {
    Plan plan = RandomCases.network(3).plan(Recording.PAIRED);
    assertEquals(List.of(), ModelReader.missing(plan));
    Plan other = plan.with(new Streams(Arithmetic.FLOAT32, Arithmetic.FLOAT32));
    assertEquals(
        List.of(
            "float32 against float32 is not on the cpu backend yet",
            "float32 against float32 is not on the cuda backend yet"),
        ModelReader.missing(other));
  }
}
