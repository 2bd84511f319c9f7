package io.depthscope.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.IntToLongFunction;

/**
 * Which nodes share a buffer: a node's output lives until its last reader has run, then its slot is
 * free for a later node. The network's outputs are kept.
 *
 * @param slotOf slot of each node
 * @param sizes size of each slot, in the unit of the sizes given
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record OutputSlots(int[] slotOf, long[] sizes) {

  /**
   * Shares slots among the layers of a plan.
   *
   * @param outputs nodes whose outputs are kept to the end
   * @param size of a node's output
   * @param readsLonger whether a node still reads its input while the next one writes
   */
  public static OutputSlots of(
      List<LayerPlan> layers,
      List<Integer> outputs,
      IntToLongFunction size,
      IntPredicate readsLonger) {
    int n = layers.size();
    int[] lastReader = new int[n];
    for (int i = 0; i < n; i++) {
      lastReader[i] = outputs.contains(i) ? n : i;
      int until = readsLonger.test(i) ? i + 1 : i;
      for (int input : layers.get(i).node().inputs()) {
        lastReader[input] = Math.max(lastReader[input], until);
      }
    }
    int[] slotOf = new int[n];
    List<Integer> busyUntil = new ArrayList<>();
    List<Long> sizes = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      int slot = 0;
      while (slot < busyUntil.size() && busyUntil.get(slot) >= i) {
        slot++;
      }
      if (slot == busyUntil.size()) {
        busyUntil.add(0);
        sizes.add(0L);
      }
      slotOf[i] = slot;
      busyUntil.set(slot, lastReader[i]);
      sizes.set(slot, Math.max(sizes.get(slot), size.applyAsLong(i)));
    }
    return new OutputSlots(slotOf, sizes.stream().mapToLong(Long::longValue).toArray());
  }

  /** Sum of all slots. */
  public long total() {
    return Arrays.stream(sizes).sum();
  }
}
