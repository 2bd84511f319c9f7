package io.depthscope.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.RandomCases;
import java.lang.reflect.Field;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
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
          boolean shared = l.baseline().equals(l.candidate());
          weights += 4L * (l.baseline().floats() + (shared ? 0 : l.candidate().floats()));
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
