package io.depthscope.backend.cpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which nodes share a buffer: a node's output lives until its last reader has run, then its slot is
 * free for a later node.
 *
 * @param slotOf slot of each node
 * @param slotFloats size of each slot
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record BufferPlan(int[] slotOf, int[] slotFloats) {

  static BufferPlan of(List<CompiledLayer> layers) {
    int n = layers.size();
    int[] lastReader = new int[n];
    for (int i = 0; i < n; i++) {
      lastReader[i] = i == n - 1 ? n : i;
      // A layer that hands its tiles over still reads its input while the next one writes.
      int until = layers.get(i).handsOver() ? i + 1 : i;
      for (int input : layers.get(i).plan().node().inputs()) {
        lastReader[input] = Math.max(lastReader[input], until);
      }
    }
    int[] slotOf = new int[n];
    List<Integer> busyUntil = new ArrayList<>();
    List<Integer> floats = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      int slot = 0;
      while (slot < busyUntil.size() && busyUntil.get(slot) >= i) {
        slot++;
      }
      if (slot == busyUntil.size()) {
        busyUntil.add(0);
        floats.add(0);
      }
      CompiledLayer l = layers.get(i);
      slotOf[i] = slot;
      busyUntil.set(slot, lastReader[i]);
      int need = l.outputFloats();
      floats.set(slot, Math.max(floats.get(slot), need));
    }
    return new BufferPlan(slotOf, floats.stream().mapToInt(Integer::intValue).toArray());
  }

  float[][] allocate() {
    return Arrays.stream(slotFloats).mapToObj(float[]::new).toArray(float[][]::new);
  }

  long bytes() {
    return 4L * Arrays.stream(slotFloats).asLongStream().sum();
  }
}
