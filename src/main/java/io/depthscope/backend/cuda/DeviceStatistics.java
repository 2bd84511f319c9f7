package io.depthscope.backend.cuda;

import io.depthscope.device.Device;
import io.depthscope.device.DeviceArena;
import io.depthscope.device.DeviceBuffer;
import io.depthscope.device.DeviceStream;
import io.depthscope.device.KernelLaunch;
import io.depthscope.device.KernelSpec;
import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.NetworkAccumulator;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * The running statistics of a network on the device. Moments and errors live there, image by image
 * merged in order; histograms are counted there and moved to the host whenever it asks.
 */
final class DeviceStatistics {
  private static final KernelSpec REDUCE = KernelCatalog.reduce();
  private static final KernelSpec MERGE = KernelCatalog.merge();

  private final Device device;
  private final ProgramSize size;
  private final DeviceBuffer partials;
  private final DeviceBuffer sums;
  private final DeviceBuffer ranges;
  private final DeviceBuffer state;
  private final DeviceBuffer counts;
  private final MemorySegment hostState;
  private final MemorySegment hostCounts;
  private final List<Long> stateOffsets = new ArrayList<>();
  private final List<Long> codeOffsets = new ArrayList<>();

  DeviceStatistics(DeviceArena arena, ProgramSize size) {
    this.device = arena.device();
    this.size = size;
    partials = arena.allocate(size.partials(), "partial sums");
    sums = arena.allocate(size.sums(), "sums of images");
    ranges = arena.allocate(size.ranges(), "ranges of images");
    state = arena.allocate(size.state(), "running statistics");
    counts = arena.allocate(size.counts(), "histograms");
    hostState = arena.allocatePinned(size.state());
    hostCounts = arena.allocatePinned(size.counts());
    long stateAt = 0;
    long codesAt = 8L * size.layers().size() * BitHistogram.BINS;
    for (CompiledLayer l : size.layers()) {
      stateOffsets.add(stateAt);
      codeOffsets.add(codesAt);
      stateAt += ProgramSize.stateOf(l);
      codesAt += 8L * ProgramSize.codesOf(l);
    }
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
    boolean quantized = ProgramSize.codesOf(size.layers().get(layer)) > 0;
    return quantized ? counts.address(codeOffsets.get(layer)) : 0;
  }

  /** Adds what a layer's kernel left in the partial sums to the layer's running statistics. */
  void merge(DeviceStream stream, CompiledLayer l, long shift, int images, long imagesBefore) {
    int layer = l.plan().index();
    StatisticsParams params =
        new StatisticsParams(
            images,
            l.params().tilesPerImage(),
            l.params().outChannels(),
            l.params().outStride(),
            l.plan().out().positions(),
            l.mode().level(),
            (int) imagesBefore,
            (int) (imagesBefore >>> 32));
    byte[] encoded = params.encode();
    String text = l.text() + ", " + images + " images";
    device.launch(
        stream,
        new KernelLaunch(
            REDUCE,
            images,
            new long[] {
              partials.address(), sums.address(), ranges.address(8L * layer * size.maxBatch())
            },
            encoded,
            text));
    device.launch(
        stream,
        new KernelLaunch(
            MERGE,
            Tiling.ceil(l.params().outChannels(), MERGE.threads()),
            new long[] {sums.address(), shift, state.address(stateOffsets.get(layer))},
            encoded,
            text));
  }

  /** Starts to fetch the ranges of the images of a batch. */
  void fetchRanges(DeviceStream stream, MemorySegment to) {
    device.download(stream, ranges.address(), to, size.ranges());
  }

  /** Hands the ranges of one image to the accumulators. */
  void addRanges(MemorySegment fetched, int slot, int image, NetworkAccumulator accumulator) {
    for (int layer = 0; layer < size.layers().size(); layer++) {
      long at = 2L * ((long) layer * size.maxBatch() + slot);
      accumulator
          .layer(layer)
          .addRange(
              image,
              fetched.getAtIndex(ValueLayout.JAVA_FLOAT, at),
              fetched.getAtIndex(ValueLayout.JAVA_FLOAT, at + 1));
    }
  }

  /** Makes the device's state that of the accumulators. */
  void upload(DeviceStream stream, NetworkAccumulator accumulator) {
    for (CompiledLayer l : size.layers()) {
      int layer = l.plan().index();
      double[] values = new double[(int) (ProgramSize.stateOf(l) / 8)];
      accumulator.layer(layer).exportState(values, l.params().outStride());
      MemorySegment.copy(
          values, 0, hostState, ValueLayout.JAVA_DOUBLE, stateOffsets.get(layer), values.length);
    }
    device.upload(stream, hostState, state.address(), size.state());
    device.fill(stream, counts.address(), 0, size.counts());
    device.synchronize();
  }

  /** Brings the accumulators up to date; waits until the device is done. */
  void download(DeviceStream stream, NetworkAccumulator accumulator, long images) {
    device.download(stream, state.address(), hostState, size.state());
    device.download(stream, counts.address(), hostCounts, size.counts());
    device.fill(stream, counts.address(), 0, size.counts());
    device.synchronize();
    for (CompiledLayer l : size.layers()) {
      int layer = l.plan().index();
      LayerAccumulator to = accumulator.layer(layer);
      double[] values = new double[(int) (ProgramSize.stateOf(l) / 8)];
      MemorySegment.copy(
          hostState, ValueLayout.JAVA_DOUBLE, stateOffsets.get(layer), values, 0, values.length);
      long perChannel = images * l.plan().out().positions();
      to.importState(perChannel, l.mode().paired(), values, l.params().outStride());
      addCounts(8L * layer * BitHistogram.BINS, to.histogram().counts());
      addCounts(codeOffsets.get(layer), to.codes());
    }
    accumulator.setImages(images);
  }

  private void addCounts(long offset, long[] to) {
    for (int i = 0; i < to.length; i++) {
      to[i] += hostCounts.get(ValueLayout.JAVA_LONG, offset + 8L * i);
    }
  }
}
