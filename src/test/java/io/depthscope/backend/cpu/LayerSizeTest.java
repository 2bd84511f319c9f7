package io.depthscope.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.graph.LayerParameters;
import io.depthscope.graph.Op;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.plan.Step;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.RandomCases;
import java.lang.reflect.Field;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is counted from shapes is what compiling a plan holds. */
class LayerSizeTest {
  private static final int NETWORKS = 12;

  @ParameterizedTest
  @EnumSource(Recording.class)
  void bytesCountedAreBytesHeld(Recording recording) throws IllegalAccessException {
    int checked = 0;
    for (int seed = 0; seed < NETWORKS; seed++) {
      for (PlanCase c : List.of(RandomCases.network(10_000 + seed), RandomCases.layer(seed))) {
        if (!c.runsOn(new CpuBackend(1))) {
          continue;
        }
        Plan plan = c.plan(recording);
        List<LayerSize> sizes = CpuBackend.sizes(plan);
        List<CpuLayer> layers = CpuBackend.layers(plan);
        long weights = 0;
        for (CpuLayer l : layers) {
          weights += 4L * l.weightFloats();
        }
        String text = c.text() + ", " + recording;
        assertEquals(weights, sizes.stream().mapToLong(LayerSize::kernelBytes).sum(), text);
        ImageExecutor executor = new ImageExecutor(plan, layers);
        assertEquals(held(executor), ImageExecutor.memoryBytes(plan, sizes), text);
        checked++;
      }
    }
    assertTrue(checked >= NETWORKS, checked + " networks");
  }

  /** Each array once, however many names it has. */
  @Test
  void weightsCountedAreArraysOfThePlan() {
    Set<Integer> kinds = new HashSet<>();
    for (int seed = 0; seed < 40; seed++) {
      PlanCase c = RandomCases.network(10_000 + seed);
      Plan plan = c.plan(Recording.PAIRED);
      Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
      for (Step l : plan.steps()) {
        LayerParameters stored = plan.network().stored().get(l.node().name());
        long bytes = stored == null ? 0 : arrays(stored.kernel().data(), seen);
        bytes += arrays(l.kernel(), seen) + arrays(l.quantizedKernel(), seen);
        bytes += l.codes().isPresent() ? arrays(l.codes().get().codes(), seen) : 0;
        bytes += l.op() instanceof Op.Rearrange r ? arrays(r.source(), seen) : 0;
        assertEquals(bytes, CpuBackend.plannedBytes(plan, l), c.text() + ", " + l.node().name());
        if (!(l.op() instanceof Op.Rearrange)) {
          kinds.add(l.kernel().length == 0 ? 0 : (int) (bytes / 4 / l.kernel().length));
        }
      }
    }
    assertEquals(Set.of(0, 1, 3), kinds, "no weights, float32 alone, with codes");
  }

  /** Bytes of the arrays in the fields of an executor and of its histograms. */
  private static long held(ImageExecutor executor) throws IllegalAccessException {
    long bytes = 0;
    Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Field field : ImageExecutor.class.getDeclaredFields()) {
      field.setAccessible(true);
      Object value = field.get(executor);
      bytes += arrays(value, seen);
      if (field.getName().equals("histograms")) {
        for (Object histogram : (Collection<?>) value) {
          for (Field table : HistogramScratch.class.getDeclaredFields()) {
            table.setAccessible(true);
            bytes += histogram == null ? 0 : arrays(table.get(histogram), seen);
          }
        }
      }
    }
    return bytes;
  }

  private static long arrays(Object value, Set<Object> seen) {
    if (value == null || !seen.add(value)) {
      return 0;
    }
    return switch (value) {
      case float[] f -> 4L * f.length;
      case int[] i -> 4L * i.length;
      case float[][] many -> {
        long bytes = 0;
        for (float[] one : many) {
          bytes += arrays(one, seen);
        }
        yield bytes;
      }
      default -> 0;
    };
  }
}
