package io.depthscope.backend.cuda;

import io.depthscope.backend.BackendException;
import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.device.Device;
import io.depthscope.device.DeviceArena;
import io.depthscope.device.DeviceBuffer;
import io.depthscope.device.DeviceEvent;
import io.depthscope.device.DeviceException;
import io.depthscope.device.DeviceStream;
import io.depthscope.device.KernelLaunch;
import io.depthscope.device.KernelSpec;
import io.depthscope.device.MatrixLibrary;
import io.depthscope.graph.Op;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Step;
import io.depthscope.stats.BlockTree;
import io.depthscope.stats.NetworkAccumulator;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/**
 * A plan on a device. Weights, activations and statistics stay there; a batch goes up as pixels,
 * and only the network's outputs and a range per layer and image come back.
 *
 * <p>Two batches are under way at a time: while one is computed, the next is uploaded on a stream
 * of its own. Nothing here waits for the device but the results, and the slot of the batch before
 * last.
 */
final class CudaProgram implements Program {
  static final int IN_FLIGHT = 2;

  private final Device device;
  private final MatrixLibrary matrices;
  private final Plan plan;
  private final ProgramSize size;
  private final Mode mode;
  private final NetworkAccumulator accumulator;
  private final DeviceArena arena;
  private final DeviceStream compute;
  private final DeviceStream transfer;
  private final List<InputSlot> inputSlots = new ArrayList<>();
  private final List<OutputSlot> outputSlots = new ArrayList<>();
  private final List<LayerLaunch> launches = new ArrayList<>();
  private final DeviceBuffer table;
  private final DeviceStatistics statistics;
  private final GridSizes grids;

  /** The accumulator's state that the device continues from. */
  private long stateGeneration;

  private long mergedImages;

  /** The block of images whose statistics the device holds, -1 for none, and how many they are. */
  private int block = -1;

  private long blockImages;
  private long submitted;
  private BackendException failure;
  private boolean closed;

  /** Where results arrive. */
  private static final class OutputSlot {
    private final MemorySegment baseline;
    private final MemorySegment candidate;
    private final MemorySegment ranges;
    private final MemorySegment given;
    private final DeviceEvent done;
    private PendingBatch pending;

    OutputSlot(DeviceArena arena, ProgramSize size) {
      baseline = arena.allocatePinned(size.outputBytes());
      candidate = arena.allocatePinned(size.streams() == 2 ? size.outputBytes() : 0);
      ranges = arena.allocatePinned(size.ranges());
      given = arena.allocatePinned(size.givenBytes());
      done = arena.newEvent(false);
    }
  }

  /** A layer's launch, but for the number of images. */
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  private record LayerLaunch(DeviceLayer layer, LayerPointers pointers, byte[] params) {}

  /**
   * @param matrices computes the products of layers that say so; null where none does
   */
  CudaProgram(Device device, Plan plan, ProgramSize size, MatrixLibrary matrices) {
    this.matrices = matrices;
    this.device = device;
    this.plan = plan;
    this.size = size;
    this.mode = size.mode();
    grids = new GridSizes(device);
    accumulator = plan.newAccumulator();
    arena = new DeviceArena(device);
    try {
      compute = arena.newStream();
      transfer = arena.newStream();
      for (int i = 0; i < IN_FLIGHT; i++) {
        inputSlots.add(new InputSlot(arena, transfer, plan.inputShape().size(), size.maxBatch()));
        outputSlots.add(new OutputSlot(arena, size));
      }
      try (Uploads uploads = new Uploads(arena, compute)) {
        statistics = mode.statistics() ? new DeviceStatistics(arena, size, uploads) : null;
        table = uploads.floats(flat(plan.inputTable()), "normalization table");
        buildLaunches(uploads);
      }
      uploadState();
    } catch (RuntimeException e) {
      closeAfter(e);
      throw e;
    }
  }

  private static float[] flat(float[][] rows) {
    float[] all = new float[rows.length * rows[0].length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, all, i * rows[0].length, rows[0].length);
    }
    return all;
  }

  /** What a kernel reads beside its first input, by stream. */
  private record Second(long baseline, long candidate) {}

  /**
   * Weights, the second input, or the table of a concatenation or of the network's input.
   *
   * @param x addresses of the inputs, by stream
   */
  private Second second(Uploads uploads, DeviceLayer l, long[] x, long[] xq) {
    Step step = l.step();
    if (l.hasOwnValues()) {
      String purpose = "weights of " + step.node().name();
      long first = uploads.floats(l.packed(step.kernel()), purpose).address();
      return new Second(
          first,
          size.wastes(l)
              ? first
              : mode.paired()
                  ? uploads.floats(l.packed(step.quantizedKernel()), purpose).address()
                  : 0);
    }
    if (step.op() instanceof Op.Concat) {
      String purpose = "inputs of " + step.node().name();
      long first = uploads.ints(JoinedChannels.of(step, x), purpose).address();
      return new Second(
          first,
          size.wastes(l)
              ? first
              : mode.paired() ? uploads.ints(JoinedChannels.of(step, xq), purpose).address() : 0);
    }
    if (step.index() == 0) {
      return new Second(table.address(), 0);
    }
    return x.length == 2 ? new Second(x[1], xq[1]) : new Second(0, 0);
  }

  private void buildLaunches(Uploads uploads) {
    int slots = size.slots().sizes().length;
    long[] baseline = new long[slots];
    long[] candidate = new long[slots];
    for (int i = 0; i < slots; i++) {
      baseline[i] = arena.allocate(size.slot(i), "fp32 outputs").address();
      candidate[i] =
          mode.paired() ? arena.allocate(size.slot(i), "quantized outputs").address() : 0;
    }
    long wasted = size.wasted() > 0 ? arena.allocate(size.wasted(), "unread stream").address() : 0;
    long middle = size.middle() > 0 ? arena.allocate(size.middle(), "third product").address() : 0;
    for (DeviceLayer l : size.layers()) {
      int index = l.step().index();
      int[] from =
          l.step().node().inputs().stream().mapToInt(i -> size.slots().slotOf()[i]).toArray();
      long[] x = IntStream.of(from).mapToLong(slot -> baseline[slot]).toArray();
      long[] xq =
          plan.feed() == Feed.LOCAL || size.wastes(l)
              ? x
              : IntStream.of(from).mapToLong(slot -> candidate[slot]).toArray();
      Second second = second(uploads, l, x, xq);
      long bias = 0;
      if (l.sharedFloats() > 0) {
        String purpose = "constants of " + l.step().node().name();
        bias = uploads.floats(l.shared(), purpose).address();
      }
      int out = size.slots().slotOf()[index];
      LayerPointers pointers =
          new LayerPointers(
              x.length > 0 ? x[0] : 0,
              x.length > 0 ? xq[0] : 0,
              second.baseline(),
              second.candidate(),
              bias,
              size.wastes(l) ? wasted : baseline[out],
              size.wastes(l) ? baseline[out] : candidate[out],
              middle,
              statistics == null ? 0 : statistics.partials(),
              statistics == null ? 0 : statistics.bits(index),
              statistics == null ? 0 : statistics.codes(index));
      launches.add(new LayerLaunch(l, pointers, l.params().encode()));
    }
  }

  @Override
  public synchronized Future<BatchOutput> submit(InputBatch batch) {
    if (closed) {
      throw new IllegalStateException("program used after it was closed");
    }
    if (batch.count() > size.maxBatch()) {
      throw new IllegalArgumentException(
          "a batch of " + batch.count() + " images, compiled for " + size.maxBatch());
    }
    int given = batch.pixels() != null ? batch.pixels().length : batch.values().length;
    long needed = (long) batch.count() * plan.inputSize();
    if (given < needed) {
      return CompletableFuture.failedFuture(
          new IndexOutOfBoundsException(
              "a batch of "
                  + batch.count()
                  + " images has "
                  + given
                  + " of "
                  + needed
                  + " values"));
    }
    if (batch.count() == 0) {
      return CompletableFuture.completedFuture(new BatchOutput(0, new float[0], new float[0]));
    }
    int slot = (int) (submitted % IN_FLIGHT);
    OutputSlot output = outputSlots.get(slot);
    PendingBatch pending = new PendingBatch(this, batch.count(), batch.indices(), slot, submitted);
    try {
      if (output.pending != null) {
        finish(output.pending);
      }
      throwFailure();
      if (stateGeneration != accumulator.generation()) {
        uploadState();
      }
      run(batch, inputSlots.get(slot), output);
      output.pending = pending;
      submitted++;
    } catch (DeviceException e) {
      fail(e);
      pending.completeExceptionally(failure);
    } catch (BackendException e) {
      pending.completeExceptionally(e);
    }
    return pending;
  }

  private void run(InputBatch batch, InputSlot input, OutputSlot output) {
    if (plan.given() == 0) {
      input.upload(batch);
      device.waitFor(compute, input.uploaded());
    } else {
      long staged =
          uploadGiven(batch.values(), batch.count(), output.given, 0, /* paired= */ false);
      if (mode.paired()) {
        uploadGiven(batch.candidate(), batch.count(), output.given, staged, /* paired= */ true);
      }
    }
    boolean pixels = batch.pixels() != null;
    for (LayerLaunch l : launches.subList(plan.given(), launches.size())) {
      launch(l, batch.count(), input, pixels);
      if (statistics != null) {
        statistics.reduce(compute, l.layer, batch.count());
      }
    }
    long at = 0;
    for (int node : plan.outputs()) {
      LayerLaunch l = launches.get(node);
      long bytes = 4 * l.layer.outputFloats() * batch.count();
      long from = size.wastes(l.layer) ? l.pointers.outQ() : l.pointers.out();
      device.download(compute, from, output.baseline.asSlice(at, bytes), bytes);
      if (mode.paired()) {
        device.download(compute, l.pointers.outQ(), output.candidate.asSlice(at, bytes), bytes);
      }
      at += bytes;
    }
    if (statistics != null) {
      merge(batch);
      statistics.fetchRanges(compute, output.ranges);
      mergedImages += batch.count();
    }
    device.record(compute, output.done);
  }

  /**
   * Puts given outputs of one stream where the layers that computed them would have.
   *
   * @param host room for them, free from {@code at} on until the batch is done
   * @return where what follows in {@code host} begins
   */
  private long uploadGiven(
      float[] values, int images, MemorySegment host, long at, boolean paired) {
    int firstOfImage = 0;
    long next = at;
    for (LayerLaunch l : launches.subList(0, plan.given())) {
      int channels = l.layer.params().outChannels();
      long step = 4L * l.layer.params().outStride();
      int positions = l.layer.step().out().positions();
      long bytes = images * positions * step;
      MemorySegment piece = host.asSlice(next, bytes).fill((byte) 0);
      for (int r = 0; r < images * positions; r++) {
        int from = r / positions * plan.inputSize() + firstOfImage + r % positions * channels;
        MemorySegment.copy(values, from, piece, ValueLayout.JAVA_FLOAT, r * step, channels);
      }
      device.upload(compute, piece, paired ? l.pointers.outQ() : l.pointers.out(), bytes);
      firstOfImage += positions * channels;
      next += bytes;
    }
    return next;
  }

  /** Adds a batch to the running statistics, block by block. */
  private void merge(InputBatch batch) {
    for (int first = 0, next; first < batch.count(); first = next) {
      int own = BlockTree.blockOf(batch.indices()[first]);
      next = first + 1;
      while (next < batch.count() && BlockTree.blockOf(batch.indices()[next]) == own) {
        next++;
      }
      if (own != block) {
        if (blockImages > 0) {
          statistics.downloadBlock(compute, accumulator, block, blockImages);
        }
        accumulator.open(own);
        statistics.upload(compute, accumulator);
        block = own;
        blockImages = 0;
      }
      statistics.merge(compute, first, next - first, blockImages);
      blockImages += next - first;
    }
  }

  private void launch(LayerLaunch l, int images, InputSlot input, boolean pixels) {
    KernelSpec kernel = l.layer.kernel();
    LayerPointers pointers = l.pointers;
    if (l.layer.step().index() == 0) {
      kernel = pixels ? kernel : KernelCatalog.normalizeValues(l.layer.mode());
      pointers = pointers.reading(input.address());
    }
    if (l.layer.library()) {
      multiply(l.layer, images, pointers.in(), pointers.w(), pointers.out());
      if (l.layer.mode().paired()) {
        multiply(l.layer, images, pointers.inQ(), pointers.wQ(), pointers.outQ());
      }
      if (mode == Mode.TRACED) {
        multiply(l.layer, images, pointers.in(), pointers.wQ(), pointers.middle());
      }
    }
    int grid = (int) Math.min(l.layer.tiles(images), grids.blocks(kernel));
    device.launch(
        compute,
        new KernelLaunch(
            kernel,
            grid,
            pointers.toArray(),
            KernelParams.withImages(l.params, images),
            l.layer.text() + ", " + images + " images"));
    if (l.layer.step().index() == 0) {
      device.record(compute, input.read());
    }
  }

  /** A product by the library. */
  private void multiply(DeviceLayer layer, int images, long in, long weights, long out) {
    LayerParams p = layer.params();
    matrices.multiply(
        compute,
        images * layer.step().out().positions(),
        p.outStride(),
        p.inStride(),
        in,
        p.inStride(),
        weights,
        p.outStride(),
        out,
        p.outStride());
  }

  private void uploadState() {
    if (statistics != null) {
      statistics.upload(compute, accumulator);
      statistics.clearCounts(compute);
      block = accumulator.block();
      blockImages = accumulator.blockImages();
    }
    mergedImages = accumulator.images();
    stateGeneration = accumulator.generation();
  }

  /** Waits for a batch and those before it, and hands out its results. */
  synchronized void finish(PendingBatch batch) {
    if (batch.isDone()) {
      return;
    }
    OutputSlot output = outputSlots.get(batch.slot());
    PendingBatch other = outputSlots.get((batch.slot() + 1) % IN_FLIGHT).pending;
    try {
      throwFailure();
      if (other != null && other.isBefore(batch)) {
        finish(other);
      }
      device.await(output.done);
      if (statistics != null) {
        for (int i = 0; i < batch.count(); i++) {
          statistics.addRanges(output.ranges, i, batch.indices()[i], accumulator);
        }
      }
      float[] baseline = unpadded(output.baseline, batch.count());
      float[] candidate = mode.paired() ? unpadded(output.candidate, batch.count()) : new float[0];
      batch.complete(new BatchOutput(batch.count(), baseline, candidate));
    } catch (DeviceException e) {
      fail(e);
      batch.completeExceptionally(failure);
    } catch (BackendException e) {
      batch.completeExceptionally(e);
    }
    output.pending = null;
  }

  /** The outputs as downloaded, one after the other; each image's together, without padding. */
  private float[] unpadded(MemorySegment from, int images) {
    float[] to = new float[images * plan.outputSize()];
    long first = 0;
    int firstOfImage = 0;
    for (int node : plan.outputs()) {
      DeviceLayer l = size.layers().get(node);
      int channels = l.params().outChannels();
      long step = 4L * l.params().outStride();
      int positions = l.step().out().positions();
      for (int r = 0; r < images * positions; r++) {
        int at = r / positions * plan.outputSize() + firstOfImage + r % positions * channels;
        MemorySegment.copy(from, ValueLayout.JAVA_FLOAT, first + r * step, to, at, channels);
      }
      first += images * positions * step;
      firstOfImage += positions * channels;
    }
    return to;
  }

  @Override
  public synchronized NetworkAccumulator statistics() {
    if (closed) {
      throw new IllegalStateException("program used after it was closed");
    }
    for (int i = 0; i < IN_FLIGHT; i++) {
      PendingBatch pending = outputSlots.get((int) ((submitted + i) % IN_FLIGHT)).pending;
      if (pending != null) {
        finish(pending);
      }
    }
    throwFailure();
    if (statistics != null && stateGeneration == accumulator.generation()) {
      try {
        statistics.downloadCounts(compute, accumulator);
        if (blockImages > 0) {
          statistics.downloadBlock(compute, accumulator, block, blockImages);
        }
        accumulator.setImages(mergedImages, blockImages);
      } catch (DeviceException e) {
        fail(e);
        throw failure;
      }
    }
    return accumulator;
  }

  private void throwFailure() {
    if (failure != null) {
      throw failure;
    }
  }

  private void fail(DeviceException e) {
    failure = new BackendException("backend cuda: " + e.getMessage(), e);
  }

  private void closeAfter(RuntimeException e) {
    try {
      arena.close();
    } catch (DeviceException second) {
      e.addSuppressed(second);
    }
  }

  /**
   * Waits for what is under way, whose results stay to be had, then frees everything. A lost device
   * frees nothing.
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    for (OutputSlot output : outputSlots) {
      if (output.pending != null) {
        finish(output.pending);
      }
    }
    try {
      try {
        device.synchronize();
      } finally {
        arena.close();
      }
    } catch (DeviceException e) {
      if (failure == null) {
        throw new BackendException("backend cuda: " + e.getMessage(), e);
      }
    }
  }
}
