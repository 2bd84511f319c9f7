package io.depthscope.backend.cpu;

import io.depthscope.graph.Op;
import io.depthscope.plan.Step;
import io.depthscope.stats.StreamSums;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;

/**
 * A layer with its weights rearranged for this backend. Shared by all workers and read-only.
 *
 * @param inputRow floats from one position of the first input to the next; activations are NHWC,
 *     with room behind the channels of a position
 */
record CpuLayer(
    LayerSize size, OutputStage stage, Weights baseline, Weights candidate, int inputRow) {

  /** Weights of one stream in the form the layer's kernel reads. */
  sealed interface Weights {
    /** For dense convolutions and fully connected layers. */
    record Packed(PackedKernel kernel) implements Weights {}

    /** For depthwise and grouped convolutions: [KH * KW * inputs of a group, padded channels]. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record ByTap(float[] kernel) implements Weights {}

    /**
     * For rearrangements: for each value of the output its place in the input as it lies in memory,
     * or -1 for the constant of its channel.
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Places(int[] from, float[] fill) implements Weights {}

    /** For slopes below 0, one a channel, padded. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Sloped(float[] slope) implements Weights {}

    /** For layers without weights. */
    record None() implements Weights {}

    /** Floats it holds of a stream's own. */
    default int floats() {
      return switch (this) {
        case Packed p -> p.kernel().data().length;
        case ByTap d -> d.kernel().length;
        case Sloped s -> s.slope().length;
        case Places p -> p.fill().length;
        case None ignored -> 0;
      };
    }

    default PackedKernel packed() {
      return ((Packed) this).kernel();
    }

    default float[] byTap() {
      return ((ByTap) this).kernel();
    }

    default Places places() {
      return (Places) this;
    }

    default float[] slopes() {
      return ((Sloped) this).slope();
    }
  }

  /** Accumulators of a tile take about this many floats, so that they stay in the second cache. */
  private static final int TILE_FLOATS = 1 << 16;

  /** Floats of 1 KiB, a quarter of what the sets of a first cache span. */
  private static final int SAME_SETS = 256;

  private static final int MAX_TILE_ROWS = 252;
  private static final int MIN_TILE_ROWS = 12;

  static CpuLayer of(Step l, int inputRow, int outputRow, int tileRows, boolean handsOver) {
    return of(LayerSize.of(l, outputRow, tileRows, handsOver), inputRow);
  }

  /** Rearranges the weights of a layer. */
  static CpuLayer of(LayerSize size, int inputRow) {
    Step l = size.step();
    if (size.form() instanceof LayerForm.Moved(Op.Rearrange op)) {
      int[] from = op.places(inputRow);
      Weights x = new Weights.Places(from, eachChannel(l.kernel(), l));
      Weights xq = new Weights.Places(from, eachChannel(l.quantizedKernel(), l));
      return new CpuLayer(size, OutputStage.of(l), x, xq, inputRow);
    }
    Weights baseline = weights(l, size.form(), l.kernel());
    Weights candidate =
        size.sharesKernel() ? baseline : weights(l, size.form(), l.quantizedKernel());
    return new CpuLayer(size, OutputStage.of(l), baseline, candidate, inputRow);
  }

  private static float[] eachChannel(float[] values, Step l) {
    int channels = l.out().channels();
    return FloatTensor.eachChannel(values, channels, StreamSums.padded(channels));
  }

  private static Weights weights(Step l, LayerForm form, float[] kernel) {
    int channels = l.out().channels();
    return switch (form) {
      case LayerForm.Dense ignored ->
          new Weights.Packed(new PackedKernel(kernel, channels, kernel.length / channels));
      case LayerForm.ByChannel ignored -> new Weights.ByTap(tapsOutermost(kernel, channels));
      case LayerForm.Grouped ignored -> new Weights.ByTap(tapsOutermost(kernel, channels));
      case LayerForm.Sloped(Op.LeakyRelu op) -> new Weights.Sloped(eachChannel(op.slope(), l));
      default -> new Weights.None();
    };
  }

  /** [C, KH * KW * I] to [KH * KW * I, padded channels]. */
  private static float[] tapsOutermost(float[] kernel, int channels) {
    int padded = StreamSums.padded(channels);
    int taps = kernel.length / channels;
    float[] out = new float[taps * padded];
    for (int t = 0; t < taps; t++) {
      for (int c = 0; c < channels; c++) {
        out[t * padded + c] = kernel[c * taps + t];
      }
    }
    return out;
  }

  /**
   * Positions of a tile.
   *
   * @param readerChannels output channels of a layer that takes the same tiles, or 0
   */
  static int tileRows(Step l, int readerChannels) {
    LayerForm form = LayerForm.of(l);
    int positions = l.out().positions();
    int padded = StreamSums.padded(Math.max(l.out().channels(), readerChannels));
    if (form instanceof LayerForm.ByChannel) {
      int width = l.out().width();
      int fit = Math.min(MAX_TILE_ROWS, TILE_FLOATS / padded) / width;
      return Math.min(positions, Math.max(1, fit) * width);
    }
    int depth = l.kernel().length == 0 ? 1 : l.kernel().length / l.out().channels();
    int fit = TILE_FLOATS / Math.max(depth, padded);
    int rows = Math.max(MIN_TILE_ROWS, Math.min(MAX_TILE_ROWS, fit));
    // Equal tiles, in whole blocks of rows, so that the last one is not a sliver.
    int tiles = (positions + rows - 1) / rows;
    int even = (positions + tiles - 1) / tiles;
    return Math.min(positions, (even + 11) / 12 * 12);
  }

  /**
   * Floats from one position of an activation to the next: whole vectors, so that kernels need not
   * look at the last ones. Where the step would be a multiple of {@link #SAME_SETS}, positions lie
   * one cache line further apart: the same channel of neighbouring positions would otherwise fall
   * into a few sets of the first cache.
   */
  static int rowFloats(Shape shape) {
    int padded = StreamSums.padded(shape.channels());
    return padded % SAME_SETS == 0 ? padded + StreamSums.PAD : padded;
  }

  /** Values held of the weights of both streams, and of where both read. */
  int weightFloats() {
    boolean shared = baseline.equals(candidate);
    int places = baseline instanceof Weights.Places p ? p.from().length : 0;
    return baseline.floats() + (shared ? 0 : candidate.floats()) + places;
  }

  Step step() {
    return size.step();
  }

  LayerForm form() {
    return size.form();
  }

  int outputRow() {
    return size.outputRow();
  }

  int tileRows() {
    return size.tileRows();
  }

  boolean handsOver() {
    return size.handsOver();
  }

  int codeCount() {
    return size.codeCount();
  }

  int gatherFloats() {
    return size.gatherFloats();
  }

  int outputFloats() {
    return size.outputFloats();
  }

  int tileFloats() {
    return size.tileFloats();
  }
}
