package io.depthscope.record;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.backend.Program;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.dataset.UnreadableImage;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.RandomCases;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RunStateTest {
  private final PlanCase c = RandomCases.network(10_003);
  private final Plan plan = c.plan(Recording.ERROR_SOURCES);

  private RunState filled() {
    try (Program program = new ReferenceBackend().compile(plan, c.batch().count())) {
      PlanCase.await(program.submit(c.batch()));
      RunState state = new RunState(program.statistics(), plan);
      float[] x = {1, 2, 3};
      state.figures().add(0, "image", 2, x, new float[] {3, 2, 1}, 0, 3);
      state.next(7);
      state.skipped().add(new UnreadableImage(3, "n01/broken é.jpg", "not a JPEG file"));
      state.skipped().add(new UnreadableImage(9, "read ahead", "met again later"));
      return state;
    }
  }

  private RunState empty() {
    return new RunState(plan.newAccumulator(), plan);
  }

  private static byte[] written(RunState state) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    state.write(new DataOutputStream(bytes));
    return bytes.toByteArray();
  }

  private static void read(RunState into, byte[] bytes) throws IOException {
    into.read(new DataInputStream(new ByteArrayInputStream(bytes)));
  }

  @Test
  void comesBackAsItWasWritten() throws IOException {
    RunState state = filled();
    byte[] bytes = written(state);
    RunState back = empty();
    back.skipped().add(new UnreadableImage(0, "old", "replaced"));
    read(back, bytes);
    assertArrayEquals(bytes, written(back));
    assertEquals(7, back.next());
    assertEquals(List.of(state.skipped().getFirst()), back.skipped());
    assertEquals(state.figures().qce(), back.figures().qce());
    assertEquals(c.batch().count(), back.statistics().images());
    assertEquals(state.statistics().layer(1).layerError(), back.statistics().layer(1).layerError());
  }

  @Test
  void truncatedDataIsRefused() throws IOException {
    byte[] bytes = written(filled());
    for (int length = 0; length < bytes.length; length += 1 + length / 40) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThrows(IOException.class, () -> read(empty(), cut), "length " + length);
    }
    assertThrows(IOException.class, () -> read(empty(), Arrays.copyOf(bytes, bytes.length - 1)));
  }

  @Test
  void damagedDataIsRefusedOrReadButThrowsNothingElse() throws IOException {
    byte[] bytes = written(filled());
    Random random = new Random(5);
    int refused = 0;
    for (int i = 0; i < 1000; i++) {
      byte[] damaged = bytes.clone();
      int at = i % 4 == 0 ? random.nextInt(200) : random.nextInt(damaged.length);
      damaged[at] ^= (byte) (1 << random.nextInt(8));
      try {
        read(empty(), damaged);
      } catch (IOException e) {
        refused++;
      }
    }
    assertTrue(refused > 20, "only " + refused + " refused");
  }

  @Test
  void anotherNetworksStateIsRefused() throws IOException {
    byte[] bytes = written(filled());
    Plan another = RandomCases.network(10_004).plan(Recording.ERROR_SOURCES);
    RunState other = new RunState(another.newAccumulator(), another);
    assertThrows(IOException.class, () -> read(other, bytes));
  }
}
