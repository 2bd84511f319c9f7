package io.depthscope.backend.cpu;

import io.depthscope.plan.Step;
import io.depthscope.quant.QuantParams;
import io.depthscope.stats.StreamSums;

/**
 * What this backend holds of a layer, from its shapes alone.
 *
 * @param outputRow floats from one position of the output to the next
 * @param tileRows positions that are computed and finished at a time
 * @param handsOver whether each finished tile goes straight to the pointwise layer after this one;
 *     the output is then never stored whole, and stays in the second cache
 */
record LayerSize(Step step, LayerForm form, int outputRow, int tileRows, boolean handsOver) {

  static LayerSize of(Step l, int outputRow, int tileRows, boolean handsOver) {
    return new LayerSize(l, LayerForm.of(l), outputRow, tileRows, handsOver);
  }

  /** True where one copy of the weights serves both streams. */
  @SuppressWarnings("ReferenceEquality") // the plan has one array, too
  boolean sharesKernel() {
    return step.kernel() == step.quantizedKernel();
  }

  /** Bytes of the rearranged weights of both streams, and of where a rearrangement reads. */
  long kernelBytes() {
    return 4L
        * switch (form) {
          case LayerForm.Moved ignored -> step.out().size() + 2L * padded();
          case LayerForm.Sloped ignored -> padded();
          // none without weights
          default -> (long) padded() * depth() * (sharesKernel() ? 1 : 2);
        };
  }

  int codeCount() {
    return step.output().map(QuantParams::codes).orElse(0);
  }

  /** Floats of the gathered windows of one tile; 0 where none are gathered. */
  int gatherFloats() {
    return form.isGathered() ? Math.multiplyExact(tileRows, depth()) : 0;
  }

  /** Floats of the stored output. */
  int outputFloats() {
    return Math.multiplyExact(handsOver ? tileRows : step.out().positions(), outputRow);
  }

  /** Floats of the accumulators of one tile. */
  int tileFloats() {
    return Math.multiplyExact(tileRows, padded());
  }

  private int padded() {
    return StreamSums.padded(step.out().channels());
  }

  /** Weights an output is the sum of. */
  private int depth() {
    return step.kernel().length / step.out().channels();
  }
}
