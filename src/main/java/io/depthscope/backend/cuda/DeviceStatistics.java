package io.depthscope.backend.cuda;

import io.depthscope.device.Device;
import io.depthscope.device.DeviceArena;
import io.depthscope.device.DeviceBuffer;
import io.depthscope.device.DeviceStream;
import io.depthscope.device.KernelLaunch;
import io.depthscope.device.KernelSpec;
import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.LayerStatistics;
import io.depthscope.stats.NetworkAccumulator;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * The running statistics of a network on the device. Moments and errors live there, image by image
 * merged in order, of one block of images at a time; histograms are counted there. Finished blocks
 * and counts are moved to the host, which joins the blocks.
 *
 * <p>The channels of all layers lie on one axis, so that one launch merges a batch.
 */
final class DeviceStatistics {
  private static final KernelSpec REDUCE = KernelCatalog.reduce();
  private static final KernelSpec MERGE = KernelCatalog.merge();

  private final Device device;
  private final ProgramSize size;
  private final int channels;
  private final DeviceBuffer partials;
  private final DeviceBuffer sums;
  private final DeviceBuffer ranges;
  private final DeviceBuffer state;
  private final DeviceBuffer counts;
  private final DeviceBuffer positions;
  private final MemorySegment hostState;
  private final MemorySegment hostCounts;
  private final int[] firstChannel;
  private final int[] firstGroup;
  private final long[] codeOffset;

  DeviceStatistics(DeviceArena arena, ProgramSize size, Uploads uploads) {
    this.device = arena.device();
    this.size = size;
    channels = size.channels();
    partials = arena.allocate(size.partials(), "partial sums");
    sums = arena.allocate(size.sums(), "sums of images");
    ranges = arena.allocate(size.ranges(), "ranges of images");
    state = arena.allocate(size.state(), "running statistics");
    counts = arena.allocate(size.counts(), "histograms");
    hostState = arena.allocatePinned(size.state());
    hostCounts = arena.allocatePinned(size.counts());
    List<DeviceLayer> layers = size.layers();
    firstChannel = new int[layers.size()];
    firstGroup = new int[layers.size()];
    codeOffset = new long[layers.size()];
    int[] allPositions = new int[channels]; // 0 in the padding
    int channel = 0;
    int group = 0;
    long codes = 8L * layers.size() * BitHistogram.BINS;
    for (int i = 0; i < layers.size(); i++) {
      DeviceLayer l = layers.get(i);
      firstChannel[i] = channel;
      firstGroup[i] = group;
      codeOffset[i] = codes;
      for (int c = 0; c < l.params().outChannels(); c++) {
        allPositions[channel + c] = l.step().out().positions();
      }
      channel += l.params().outStride();
      group += ProgramSize.groups(l);
      codes += 8L * ProgramSize.codesOf(l);
    }
    positions = uploads.ints(allPositions, "positions");
  }

  long partials() {
    return partials.address();
  }

  /** Address of a layer's bit histogram. */
  long bits(int layer) {
    return counts.address(8L * layer * BitHistogram.BINS);
  }

  /** Address of the counts of a layer's codes; 0 where its output is not quantized. */
  long codes(int layer) {
    boolean candidate = ProgramSize.codesOf(size.layers().get(layer)) > 0;
    return candidate ? counts.address(codeOffset[layer]) : 0;
  }

  /** Turns what a layer's kernel left in the partial sums into sums of images. */
  void reduce(DeviceStream stream, DeviceLayer l, int images) {
    int layer = l.step().index();
    ReduceParams params =
        new ReduceParams(
            images,
            l.params().tilesPerImage(),
            l.params().outChannels(),
            l.params().outStride(),
            channels,
            l.mode().level());
    device.launch(
        stream,
        new KernelLaunch(
            REDUCE,
            images * ProgramSize.groups(l),
            new long[] {
              partials.address(),
              sums.address(8L * firstChannel[layer]),
              ranges.address(8L * firstGroup[layer] * size.maxBatch())
            },
            params.encode(),
            l.text() + ", " + images + " images"));
  }

  /**
   * Adds images of a batch to the running statistics of all layers.
   *
   * @param first the first of them in the batch
   * @param imagesBefore images of the same block that are in them
   */
  void merge(DeviceStream stream, int first, int images, long imagesBefore) {
    MergeParams params = MergeParams.of(images, channels, size.mode().level(), imagesBefore);
    device.launch(
        stream,
        new KernelLaunch(
            MERGE,
            Tiling.ceil(channels, MERGE.threads()),
            new long[] {sums.address(size.state() * first), positions.address(), state.address()},
            params.encode(),
            "all layers, " + images + " images"));
  }

  /** Starts to fetch the ranges of the images of a batch. */
  void fetchRanges(DeviceStream stream, MemorySegment to) {
    device.download(stream, ranges.address(), to, size.ranges());
  }

  /** Hands the range of one image in every layer to the accumulators. */
  void addRanges(MemorySegment fetched, int slot, int image, NetworkAccumulator accumulator) {
    for (DeviceLayer l : size.layers().subList(size.given(), size.layers().size())) {
      int layer = l.step().index();
      int groups = ProgramSize.groups(l);
      long at = 2L * ((long) firstGroup[layer] * size.maxBatch() + (long) slot * groups);
      float lo = Float.POSITIVE_INFINITY;
      float hi = Float.NEGATIVE_INFINITY;
      for (int g = 0; g < groups; g++, at += 2) {
        lo = Math.min(lo, fetched.getAtIndex(ValueLayout.JAVA_FLOAT, at));
        hi = Math.max(hi, fetched.getAtIndex(ValueLayout.JAVA_FLOAT, at + 1));
      }
      accumulator.layer(layer).addRange(image, lo, hi);
    }
  }

  /** Makes the device's state that of the accumulators' current block. */
  void upload(DeviceStream stream, NetworkAccumulator accumulator) {
    double[] values = new double[LayerStatistics.STATE_FIELDS * channels];
    for (int layer = 0; layer < size.layers().size(); layer++) {
      accumulator.layer(layer).current().exportState(values, firstChannel[layer], channels);
    }
    MemorySegment.copy(values, 0, hostState, ValueLayout.JAVA_DOUBLE, 0, values.length);
    device.upload(stream, hostState, state.address(), size.state());
    device.synchronize();
  }

  /** Makes all counts on the device 0. */
  void clearCounts(DeviceStream stream) {
    device.fill(stream, counts.address(), 0, size.counts());
  }

  /**
   * Brings the accumulators' counts up to date, which the device then begins anew; waits until it
   * is done.
   */
  void downloadCounts(DeviceStream stream, NetworkAccumulator accumulator) {
    device.download(stream, counts.address(), hostCounts, size.counts());
    clearCounts(stream);
    device.synchronize();
    for (DeviceLayer l : size.layers()) {
      int layer = l.step().index();
      addCounts(8L * layer * BitHistogram.BINS, accumulator.layer(layer).histogram().counts());
      addCounts(codeOffset[layer], accumulator.layer(layer).codes());
    }
  }

  /**
   * Brings the accumulators up to date with the block on the device; waits until it is done.
   *
   * @param images of the block
   */
  void downloadBlock(DeviceStream stream, NetworkAccumulator accumulator, int block, long images) {
    device.download(stream, state.address(), hostState, size.state());
    device.synchronize();
    double[] values = hostState.toArray(ValueLayout.JAVA_DOUBLE);
    for (DeviceLayer l : size.layers()) {
      int layer = l.step().index();
      LayerAccumulator to = accumulator.layer(layer);
      long perChannel = images * l.step().out().positions();
      to.importBlock(
          block, perChannel, size.mode().paired(), values, firstChannel[layer], channels);
    }
  }

  private void addCounts(long offset, long[] to) {
    for (int i = 0; i < to.length; i++) {
      to[i] += hostCounts.get(ValueLayout.JAVA_LONG, offset + 8L * i);
    }
  }
}
