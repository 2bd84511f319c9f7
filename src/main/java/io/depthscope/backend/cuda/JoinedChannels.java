package io.depthscope.backend.cuda;

import io.depthscope.plan.Step;
import io.depthscope.tensor.Shape;

/** Where a concatenation's kernel finds its channels. */
final class JoinedChannels {
  /** Words of one channel; {@code JoinedChannel} in kernels/concat.cu. */
  static final int WORDS = 4;

  private JoinedChannels() {}

  /**
   * The table of one stream: for each channel of the output its address at the first position, and
   * the floats from one position to the next, 64 bits each, the low half first.
   *
   * @param inputs address of each input
   */
  static int[] of(Step l, long[] inputs) {
    int[] table = new int[WORDS * l.out().channels()];
    int at = 0;
    for (int i = 0; i < inputs.length; i++) {
      Shape in = l.ins().get(i);
      for (int c = 0; c < in.channels(); c++, at += WORDS) {
        long address = inputs[i] + 4L * c;
        table[at] = (int) address;
        table[at + 1] = (int) (address >>> 32);
        table[at + 2] = LayerParams.stride(in.channels());
      }
    }
    return table;
  }
}
