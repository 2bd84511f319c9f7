package io.depthscope.backend.cuda;

import io.depthscope.backend.BackendException;
import io.depthscope.plan.OutputSlots;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.plan.Step;
import io.depthscope.quant.QuantParams;
import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.BlockTree;
import io.depthscope.stats.LayerStatistics;
import java.util.List;

/**
 * The sizes of everything a program holds on the device, so that they are known before anything is
 * allocated. Sizes are in bytes; those of one image are multiplied by the largest batch.
 */
record ProgramSize(
    List<DeviceLayer> layers,
    int given,
    List<Integer> outputs,
    Mode mode,
    int maxBatch,
    OutputSlots slots) {
  private static final int CHANNEL_GROUP = 32;

  static ProgramSize of(Plan plan, int maxBatch, CudaOptions options) {
    BackendException.requireQuantization("cuda", plan);
    List<DeviceLayer> layers = plan.steps().stream().map(l -> layer(plan, l, options)).toList();
    OutputSlots slots =
        OutputSlots.of(plan.steps(), plan.outputs(), i -> layers.get(i).outputFloats(), i -> false);
    return new ProgramSize(
        layers, plan.given(), plan.outputs(), Mode.of(plan.recording()), maxBatch, slots);
  }

  /**
   * A layer of the plan. Where a simulated stream runs alone, kernels that round are those of two
   * streams, whose first goes nowhere.
   */
  private static DeviceLayer layer(Plan plan, Step l, CudaOptions options) {
    if (!plan.isSimulatedAlone()) {
      return DeviceLayer.of(l, plan.recording(), options);
    }
    Recording own = l.output().isPresent() ? Recording.PAIRED : plan.recording();
    return DeviceLayer.of(l.simulated(), own, options);
  }

  /** True for a layer that computes a stream which nobody reads. */
  boolean wastes(DeviceLayer l) {
    return l.mode().paired() && !mode.paired();
  }

  int streams() {
    return mode.paired() ? 2 : 1;
  }

  /** Weights, bias and number of positions of a layer. */
  long weights(DeviceLayer l) {
    return 4 * (streams() * l.weightFloats() + l.sharedFloats() + l.params().outStride());
  }

  /** One stream's outputs in one slot. */
  long slot(int slot) {
    return 4 * slots.sizes()[slot] * maxBatch;
  }

  /** The third product of the sources of error. */
  long middle() {
    return mode == Mode.TRACED ? largest(l -> 4 * l.outputFloats()) * maxBatch : 0;
  }

  /** Outputs that nobody reads. */
  long wasted() {
    return largest(l -> wastes(l) ? 4 * l.outputFloats() : 0) * maxBatch;
  }

  long partials() {
    return largest(l -> 4 * l.partialWords()) * maxBatch;
  }

  /** Channels of all layers together, padding included: statistics lie side by side on one axis. */
  int channels() {
    return layers.stream().mapToInt(l -> l.params().outStride()).sum();
  }

  /** Sums of the images of a batch, for all layers. */
  long sums() {
    return state() * maxBatch;
  }

  /** Blocks of channels in which a layer's images are reduced; {@code GROUP} in the kernel. */
  static int groups(DeviceLayer l) {
    return Tiling.ceil(l.params().outChannels(), CHANNEL_GROUP);
  }

  /** Smallest and largest value of each image, layer and group of channels. */
  long ranges() {
    int all = layers.stream().mapToInt(ProgramSize::groups).sum();
    return mode.statistics() ? 8L * all * maxBatch : 0;
  }

  /** The running statistics of all layers, of the block of images that is being filled. */
  long state() {
    return mode.statistics() ? 8L * LayerStatistics.STATE_FIELDS * channels() : 0;
  }

  /** Number of codes of a layer's output; 0 where it is not quantized. */
  static int codesOf(DeviceLayer l) {
    return l.step().output().map(QuantParams::codes).orElse(0);
  }

  /** Counts of the bit histograms, then of the codes, of all layers. */
  long counts() {
    if (!mode.statistics()) {
      return 0;
    }
    long codes = layers.stream().mapToLong(ProgramSize::codesOf).sum();
    return 8 * ((long) layers.size() * BitHistogram.BINS + codes);
  }

  /** One batch of 8-bit pixels. */
  long pixels() {
    return (long) layers.getFirst().step().out().size() * maxBatch;
  }

  /** The network's outputs of one stream. */
  long outputBytes() {
    return 4 * outputs.stream().mapToLong(i -> layers.get(i).outputFloats()).sum() * maxBatch;
  }

  /** Outputs of one batch that a part of a plan is given, padded, of all streams. */
  long givenBytes() {
    long floats = layers.subList(0, given).stream().mapToLong(DeviceLayer::outputFloats).sum();
    return 4 * floats * maxBatch * streams();
  }

  /** Everything on the device. */
  long device() {
    Step input = layers.getFirst().step();
    long bytes = 4L * 256 * input.out().channels();
    bytes += layers.stream().mapToLong(this::weights).sum();
    bytes += 4 * slots.total() * maxBatch * streams();
    bytes += middle() + wasted() + partials() + sums() + ranges() + state() + counts();
    return bytes + CudaProgram.IN_FLIGHT * pixels();
  }

  /** Everything on the host. */
  long host() {
    long packed = layers.stream().mapToLong(this::weights).max().orElse(0);
    long transfers =
        CudaProgram.IN_FLIGHT * (pixels() + givenBytes() + streams() * outputBytes() + ranges());
    return packed + transfers + (1 + BlockTree.MOST_PARTS) * state() + 2 * counts();
  }

  private interface Size {
    long of(DeviceLayer l);
  }

  private long largest(Size size) {
    long most = 0;
    for (DeviceLayer l : layers) {
      most = Math.max(most, size.of(l));
    }
    return most;
  }
}
