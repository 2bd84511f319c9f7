package io.depthscope.backend.cpu;

import io.depthscope.plan.OutputSlots;
import io.depthscope.plan.Plan;
import java.util.Arrays;
import java.util.List;

/**
 * The buffers of the layers' outputs.
 *
 * @param slots which layers share one, in floats
 */
record BufferPlan(OutputSlots slots) {

  static BufferPlan of(Plan plan, List<LayerSize> layers) {
    return new BufferPlan(
        OutputSlots.of(
            plan.steps(),
            plan.outputs(),
            i -> layers.get(i).outputFloats(),
            i -> layers.get(i).handsOver()));
  }

  int slotOf(int node) {
    return slots.slotOf()[node];
  }

  float[][] allocate() {
    return Arrays.stream(slots.sizes())
        .mapToObj(n -> new float[Math.toIntExact(n)])
        .toArray(float[][]::new);
  }

  long bytes() {
    return 4L * slots.total();
  }
}
