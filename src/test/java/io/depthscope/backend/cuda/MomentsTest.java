package io.depthscope.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.depthscope.backend.Backend;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.PairedProgram;
import io.depthscope.device.Device;
import io.depthscope.device.DeviceArena;
import io.depthscope.device.DeviceBuffer;
import io.depthscope.device.DeviceStream;
import io.depthscope.device.KernelLaunch;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import io.depthscope.graph.Window;
import io.depthscope.plan.CalibratedTensor;
import io.depthscope.plan.ExecutionPlan;
import io.depthscope.plan.Feed;
import io.depthscope.plan.LayerPlan;
import io.depthscope.plan.Recording;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.Range;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.ErrorTerm;
import io.depthscope.stats.ImageSums;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.NetworkAccumulator;
import io.depthscope.stats.StreamSums;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import io.depthscope.testkit.GpuBackend;
import io.depthscope.verification.NodeTensors;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.StatisticsCheck;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the device makes of an image's sums has the bits of {@link LayerAccumulator}, double for
 * double: for sums given to the kernels directly, and for networks whose sums are known exactly.
 */
@Tag("gpu")
class MomentsTest {
  private static final int FIELDS = LayerAccumulator.STATE_FIELDS;
  private static final int STREAM = 9;
  private static final int ERROR = 2 * STREAM;
  private static final int TERMS = ERROR + 4;

  /** {@code GROUP} and {@code CHUNKS} in statistics_merge.cu. */
  private static final int GROUP = 32;

  private static final int CHUNKS = 8;

  /** Sums of one layer as a batch leaves them on the device. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Batch(int images, double[] sums, List<ImageSums> expected) {}

  private final Random random = new Random(77);

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void mergingGivesTheBitsOfTheAccumulator(int level) {
    Device device = GpuBackend.device();
    GpuBackend.get(); // has loaded the kernels
    for (int channels : new int[] {1, 4, 67, 257, 700}) {
      for (int positions : new int[] {1, 49, 12_544}) {
        LayerAccumulator expected = new LayerAccumulator(shift(channels), 0, level == 2);
        int stride = LayerParams.stride(channels);
        double[] state = new double[FIELDS * stride];
        expected.exportState(state, 0, stride);
        long before = 0;
        for (int images : new int[] {1, 7, 2, 30}) {
          Batch batch = batch(images, channels, positions, stride, level);
          for (ImageSums sums : batch.expected) {
            expected.add((int) before, sums, level > 0);
          }
          state = merged(device, batch, shift(channels), state, positions, level, before);
          before += images;
          assertSame(expected, state, stride, level, channels + " channels, " + before + " images");
        }
      }
    }
  }

  /** A long run, as a checkpoint brings it back: counts beyond 32 and close to 53 bits. */
  @Test
  void aRestoredStateGoesOnWithTheSameBits() {
    Device device = GpuBackend.device();
    GpuBackend.get();
    int channels = 33;
    int stride = LayerParams.stride(channels);
    for (long before : new long[] {1, 50_000, (1L << 32) - 3, (1L << 32) + 5, 1L << 40}) {
      int positions = 112 * 7;
      LayerAccumulator expected = new LayerAccumulator(shift(channels), 0, true);
      double[] state = new double[FIELDS * stride];
      for (int c = 0; c < channels; c++) {
        for (int f = 0; f < FIELDS; f++) {
          boolean counts = (f % STREAM >= 6 && f < ERROR) || f == ERROR + 3;
          boolean floats = (f < ERROR && (f % STREAM == 4 || f % STREAM == 5)) || f == ERROR + 2;
          double x = random.nextGaussian() * 1e3;
          state[f * stride + c] =
              counts ? random.nextLong(1L << 50) : floats ? (float) x : x * random.nextDouble();
        }
      }
      expected.importState(before * positions, true, state, 0, stride);
      Batch batch = batch(9, channels, positions, stride, 2);
      for (ImageSums sums : batch.expected) {
        expected.add(0, sums, true);
      }
      double[] got = merged(device, batch, shift(channels), state, positions, 2, before);
      assertSame(expected, got, stride, 2, before + " images before");
    }
  }

  /** Tiles are added in ascending order, in double, and ranges of images are found. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void tilesAreAddedInOrder(int level) {
    Device device = GpuBackend.device();
    GpuBackend.get();
    int words = level == 0 ? 8 : level == 1 ? 20 : 24;
    for (int channels : new int[] {1, 5, 255, 256, 300}) {
      for (int tiles : new int[] {1, 2, 49}) {
        reduce(device, 3, tiles, channels, words, level);
      }
    }
  }

  private void reduce(Device device, int images, int tiles, int channels, int words, int level) {
    int stride = LayerParams.stride(channels);
    int[] partials = new int[images * tiles * words * stride];
    for (int i = 0; i < partials.length; i++) {
      int word = i / stride % words;
      int inStream = word < 16 ? word % 8 : word;
      boolean counts = inStream == 6 || inStream == 7 || word == 19;
      float x = (float) (random.nextGaussian() * Math.scalb(1.0, random.nextInt(20) - 10));
      partials[i] =
          counts
              ? inStream == 7 ? random.nextInt(200) << 16 | random.nextInt(56) : random.nextInt(257)
              : Float.floatToRawIntBits(word == 18 ? Math.abs(x) : x);
    }
    double[] expected = new double[images * FIELDS * stride];
    int groups = Tiling.ceil(channels, GROUP);
    float[] ranges = new float[2 * images * groups];
    for (int image = 0; image < images; image++) {
      for (int c = 0; c < channels; c++) {
        int to = image * FIELDS * stride + c;
        // Eight threads share the tiles of a channel; their sums are joined in order.
        for (int chunk = 0; chunk < CHUNKS; chunk++) {
          double[] sums = empty();
          for (int tile = chunk; tile < tiles; tile += CHUNKS) {
            int from = (image * tiles + tile) * words * stride + c;
            for (int word = 0; word < words; word++) {
              addWord(sums, word, partials[from + word * stride]);
            }
          }
          for (int f = 0; f < FIELDS; f++) {
            int at = to + f * stride;
            expected[at] = chunk == 0 ? sums[f] : join(f, expected[at], sums[f]);
          }
        }
        int range = 2 * (image * groups + c / GROUP);
        boolean first = c % GROUP == 0;
        float lo = (float) expected[to + 4 * stride];
        float hi = (float) expected[to + 5 * stride];
        ranges[range] = first ? lo : Math.min(ranges[range], lo);
        ranges[range + 1] = first ? hi : Math.max(ranges[range + 1], hi);
      }
    }
    try (DeviceArena arena = new DeviceArena(device)) {
      DeviceStream stream = arena.newStream();
      DeviceBuffer in = arena.allocate(4L * partials.length, "partials");
      MemorySegment host = arena.allocatePinned(4L * partials.length);
      MemorySegment.copy(partials, 0, host, ValueLayout.JAVA_INT, 0, partials.length);
      device.upload(stream, host, in.address(), in.bytes());
      DeviceBuffer sums = arena.allocate(8L * expected.length, "sums");
      DeviceBuffer found = arena.allocate(4L * ranges.length, "ranges");
      ReduceParams p = new ReduceParams(images, tiles, channels, stride, stride, level);
      long[] pointers = {in.address(), sums.address(), found.address()};
      device.launch(
          stream,
          new KernelLaunch(KernelCatalog.reduce(), 2, pointers, p.encode(), "sums of tiles"));
      double[] got = doubles(arena, stream, sums);
      MemorySegment hostRanges = arena.allocatePinned(found.bytes());
      device.download(stream, found.address(), hostRanges, found.bytes());
      device.synchronize();
      String text = channels + " channels, " + tiles + " tiles, level " + level;
      for (int i = 0; i < images; i++) {
        for (int f = 0; f < (level == 0 ? STREAM : FIELDS); f++) {
          for (int c = 0; c < channels; c++) {
            int at = (i * FIELDS + f) * stride + c;
            assertBits(expected[at], got[at], text + ", field " + f + ", channel " + c);
          }
        }
      }
      for (int i = 0; i < ranges.length; i++) {
        assertEquals(
            ranges[i], hostRanges.getAtIndex(ValueLayout.JAVA_FLOAT, i), text + ", range " + i);
      }
    }
  }

  private static double[] empty() {
    double[] sums = new double[FIELDS];
    for (int stream = 0; stream < 2; stream++) {
      sums[stream * STREAM + 4] = Double.POSITIVE_INFINITY;
      sums[stream * STREAM + 5] = Double.NEGATIVE_INFINITY;
    }
    return sums;
  }

  private static double join(int field, double a, double b) {
    if (field < ERROR && field % STREAM == 4) {
      return Math.min(a, b);
    }
    boolean largest = field < ERROR ? field % STREAM == 5 : field == ERROR + 2;
    return largest ? Math.max(a, b) : a + b;
  }

  private static void addWord(double[] sums, int word, int bits) {
    float x = Float.intBitsToFloat(bits);
    if (word < 16) {
      int first = word / 8 * STREAM;
      switch (word % 8) {
        case 6 -> sums[first + 6] += bits;
        case 7 -> {
          sums[first + 7] += bits >>> 16;
          sums[first + 8] += bits & 0xffff;
        }
        default -> sums[first + word % 8] = join(first + word % 8, sums[first + word % 8], x);
      }
      return;
    }
    int field = ERROR + word - 16;
    sums[field] = join(field, sums[field], word == 19 ? bits : x);
  }

  private static float[] shift(int channels) {
    float[] shift = new float[channels];
    for (int c = 0; c < channels; c++) {
      shift[c] = c % 3 == 0 ? 0 : (c - channels / 2) * 0.37f;
    }
    return shift;
  }

  /** Sums that could be those of images, and now and then of images that are not finite. */
  private Batch batch(int images, int channels, int positions, int stride, int level) {
    double[] all = new double[images * FIELDS * stride];
    List<ImageSums> expected = new java.util.ArrayList<>();
    for (int image = 0; image < images; image++) {
      ImageSums sums = new ImageSums(channels, positions, level == 2);
      int at = image * FIELDS * stride;
      for (int c = 0; c < channels; c++) {
        fill(sums.fp32, c, positions, all, at + c, stride);
        fill(sums.quantized, c, positions, all, at + STREAM * stride + c, stride);
        double scale = Math.scalb(1.0, random.nextInt(12) - 6);
        sums.errorSum[c] = random.nextGaussian() * scale;
        sums.errorSquares[c] = random.nextDouble() * scale;
        sums.errorMaxAbs[c] = random.nextInt(50) == 0 ? Float.NaN : random.nextFloat();
        sums.saturated[c] = random.nextInt(positions + 1);
        all[at + ERROR * stride + c] = sums.errorSum[c];
        all[at + (ERROR + 1) * stride + c] = sums.errorSquares[c];
        all[at + (ERROR + 2) * stride + c] = sums.errorMaxAbs[c];
        all[at + (ERROR + 3) * stride + c] = sums.saturated[c];
        for (int t = 0; level == 2 && t < ErrorTerm.values().length; t++) {
          sums.terms[t][c] = random.nextDouble() * scale;
          all[at + (TERMS + t) * stride + c] = sums.terms[t][c];
        }
      }
      expected.add(sums);
    }
    return new Batch(images, all, expected);
  }

  private void fill(StreamSums s, int c, int n, double[] to, int at, int stride) {
    double width = Math.scalb(1.0, random.nextInt(16) - 8);
    boolean wild = random.nextInt(60) == 0;
    s.s1[c] = n * random.nextGaussian() * width;
    s.s2[c] = n * random.nextDouble() * width * width;
    s.s3[c] = n * random.nextGaussian() * width * width * width;
    s.s4[c] = wild ? Double.POSITIVE_INFINITY : n * random.nextDouble() * Math.pow(width, 4);
    s.min[c] = wild ? Float.POSITIVE_INFINITY : (float) (random.nextGaussian() * width);
    s.max[c] = wild ? Float.NEGATIVE_INFINITY : s.min[c] + random.nextFloat();
    s.zeros[c] = random.nextInt(n + 1);
    s.nans[c] = wild ? random.nextInt(n + 1) : 0;
    s.infinities[c] = wild ? random.nextInt(n + 1) : 0;
    double[] fields = {
      s.s1[c], s.s2[c], s.s3[c], s.s4[c], s.min[c], s.max[c], s.zeros[c], s.nans[c], s.infinities[c]
    };
    for (int f = 0; f < STREAM; f++) {
      to[at + f * stride] = fields[f];
    }
  }

  private static double[] merged(
      Device device,
      Batch batch,
      float[] shift,
      double[] state,
      int positions,
      int level,
      long before) {
    int stride = LayerParams.stride(shift.length);
    try (DeviceArena arena = new DeviceArena(device)) {
      DeviceStream stream = arena.newStream();
      DeviceBuffer sums = upload(arena, stream, batch.sums);
      DeviceBuffer running = upload(arena, stream, state);
      DeviceBuffer shifts;
      DeviceBuffer places;
      try (Uploads uploads = new Uploads(arena, stream)) {
        shifts = uploads.floats(WeightLayout.channels(shift), "shift");
        int[] each = new int[stride];
        Arrays.fill(each, 0, shift.length, positions);
        places = uploads.ints(each, "positions");
      }
      MergeParams p = MergeParams.of(batch.images, stride, level, before);
      long[] pointers = {sums.address(), shifts.address(), places.address(), running.address()};
      device.launch(
          stream, new KernelLaunch(KernelCatalog.merge(), 2, pointers, p.encode(), "merge"));
      return doubles(arena, stream, running);
    }
  }

  private static DeviceBuffer upload(DeviceArena arena, DeviceStream stream, double[] values) {
    DeviceBuffer buffer = arena.allocate(8L * values.length, "doubles");
    MemorySegment host = arena.allocatePinned(buffer.bytes());
    MemorySegment.copy(values, 0, host, ValueLayout.JAVA_DOUBLE, 0, values.length);
    arena.device().upload(stream, host, buffer.address(), buffer.bytes());
    return buffer;
  }

  private static double[] doubles(DeviceArena arena, DeviceStream stream, DeviceBuffer from) {
    MemorySegment host = arena.allocatePinned(from.bytes());
    arena.device().download(stream, from.address(), host, from.bytes());
    arena.device().synchronize();
    return host.toArray(ValueLayout.JAVA_DOUBLE);
  }

  private static void assertSame(
      LayerAccumulator expected, double[] got, int stride, int level, String text) {
    double[] want = new double[FIELDS * stride];
    expected.exportState(want, 0, stride);
    for (int f = 0; f < (level == 0 ? STREAM : FIELDS); f++) {
      for (int c = 0; c < expected.channels(); c++) {
        int at = f * stride + c;
        assertBits(
            want[at], got[at], text + ", level " + level + ", field " + f + ", channel " + c);
      }
    }
  }

  private static void assertBits(double expected, double actual, String text) {
    if (Double.doubleToLongBits(expected) != Double.doubleToLongBits(actual)) {
      fail(text + ": expected " + expected + ", got " + actual);
    }
  }

  // Networks of small whole numbers: every float32 sum is exact, in whatever order it is done.

  private static final Shape IN = new Shape(23, 19, 5);
  private static final int IMAGES = 29;

  private static PlanCase wholeNumbers() {
    Random random = new Random(5);
    Window window = new Window(3, 3, 2, 2, new Padding(0, 1, 0, 1));
    List<Node> nodes =
        List.of(
            new Node("input", new Op.Input(IN), List.of()),
            new Node("max", Op.Pool.of(Op.Pool.Kind.MAX, window), List.of(0)),
            new Node(
                "dense",
                Op.Convolution.dense(Window.square(3, 2, Padding.symmetric(1)), 37),
                Clamp.RELU,
                List.of(1)),
            new Node("point", Op.Convolution.pointwise(6), List.of(2)),
            new Node(
                "deep",
                Op.Convolution.depthwise(Window.square(3, 1, Padding.symmetric(1)), 6),
                Clamp.RELU6,
                List.of(3)),
            new Node("sum", new Op.Elementwise(Op.Elementwise.Function.ADD), List.of(3, 4)));
    Graph graph = new Graph("whole", nodes);
    Map<String, FoldedWeights> weights = new LinkedHashMap<>();
    Map<String, QuantParams> params = new HashMap<>();
    for (int i = 0; i < graph.size(); i++) {
      if (graph.node(i).op().hasWeights()) {
        int[] dims = graph.kernelDims(i);
        float[] kernel = new float[(int) FloatTensor.elements(dims)];
        for (int k = 0; k < kernel.length; k++) {
          kernel[k] = random.nextInt(9) == 0 ? random.nextInt(3) - 1 : 0;
        }
        float[] bias = new float[graph.channels(i)];
        for (int k = 0; k < bias.length; k++) {
          bias[k] = random.nextInt(3) - 1;
        }
        weights.put(graph.node(i).name(), new FoldedWeights(new FloatTensor(dims, kernel), bias));
      }
      params.put(graph.node(i).name(), new QuantParams(2, 1, -2, 5));
    }
    float[] values = new float[IMAGES * IN.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt(5) - 2;
    }
    RangeEstimator minMax = new RangeEstimator.MinMax();
    QuantScheme a3 = QuantScheme.parse("a3", false, false, Granularity.PER_TENSOR, minMax, minMax);
    return new PlanCase(
        "whole numbers",
        Network.of(graph, weights),
        new float[IN.channels()][256],
        a3,
        Map.<String, CalibratedTensor>of(),
        params,
        Feed.ACCUMULATED,
        InputBatch.ofValues(IMAGES, values));
  }

  /** The statistics of tensors, image by image as the backends merge them. */
  private static NetworkAccumulator expected(ExecutionPlan plan, List<NodeTensors> tensors) {
    NetworkAccumulator all = plan.newAccumulator();
    for (int image = 0; image < IMAGES; image++) {
      List<ImageSums> sums = plan.newImageSums();
      for (LayerPlan l : plan.layers()) {
        NodeTensors t = tensors.get(l.index());
        ImageSums s = sums.get(l.index());
        int size = l.out().size();
        int channels = l.out().channels();
        for (int k = image * size; k < (image + 1) * size; k++) {
          int c = k % channels;
          s.fp32.add(c, t.x()[k], l.shift()[c], 1);
          s.quantized.add(c, t.xq()[k], l.shift()[c], 1);
          s.addError(c, t.x()[k], t.xq()[k], 1);
          boolean clipped = l.output().isPresent() && l.output().get().saturates(t.y()[k]);
          s.saturated[c] += clipped ? 1 : 0;
          double inherited = (double) t.y()[k] - t.middle()[k];
          double ofWeights = (double) t.middle()[k] - t.x()[k];
          double own = (double) t.xq()[k] - t.y()[k];
          s.terms[ErrorTerm.INHERITED.ordinal()][c] += inherited * inherited;
          s.terms[ErrorTerm.WEIGHTS.ordinal()][c] += ofWeights * ofWeights;
          s.terms[(clipped ? ErrorTerm.CLIPPING : ErrorTerm.ROUNDING).ordinal()][c] += own * own;
        }
      }
      all.add(image, sums);
    }
    for (LayerPlan l : plan.layers()) {
      NodeTensors t = tensors.get(l.index());
      all.layer(l.index()).histogram().add(t.x());
      for (int i = 0; l.output().isPresent() && i < t.y().length; i++) {
        QuantParams p = l.output().get();
        all.layer(l.index()).codes()[p.quantize(t.y()[i]) - p.qmin()]++;
      }
    }
    return all;
  }

  /** The whole state as a checkpoint has it. */
  private static byte[] bytes(NetworkAccumulator a) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      a.write(out);
    }
    return bytes.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 29})
  void exactSumsGiveTheAccumulatorsCheckpoint(int batch) throws IOException {
    Backend cuda = GpuBackend.get();
    PlanCase c = wholeNumbers();
    ExecutionPlan plan = c.plan(Recording.ERROR_TERMS);
    NetworkAccumulator expected = expected(plan, c.probe(cuda));
    assertEquals(BitHistogram.BINS, expected.layer(0).histogram().counts().length);
    byte[] checkpoint;
    int half = IMAGES / 2;
    try (PairedProgram program = cuda.compile(plan, batch)) {
      submit(program, c, 0, half, batch);
      checkpoint = bytes(program.statistics());
      submit(program, c, half, IMAGES, batch);
      assertChecked(expected, program.statistics(), "in one go");
    }
    try (PairedProgram program = cuda.compile(plan, batch)) {
      program.statistics().read(new DataInputStream(new ByteArrayInputStream(checkpoint)));
      submit(program, c, half, IMAGES, batch);
      assertChecked(expected, program.statistics(), "after a checkpoint");
    }
  }

  private static void submit(PairedProgram program, PlanCase c, int from, int to, int batch) {
    for (int at = from; at < to; at += batch) {
      PlanCase.await(program.submit(StatisticsCheck.slice(c, at, Math.min(to, at + batch))));
    }
  }

  private static void assertChecked(
      NetworkAccumulator expected, NetworkAccumulator actual, String text) throws IOException {
    for (int i = 0; i < expected.size(); i++) {
      LayerAccumulator a = expected.layer(i);
      int stride = LayerParams.stride(a.channels());
      double[] got = new double[FIELDS * stride];
      actual.layer(i).exportState(got, 0, stride);
      assertSame(a, got, stride, 2, text + ", layer " + i);
    }
    org.junit.jupiter.api.Assertions.assertArrayEquals(bytes(expected), bytes(actual), text);
  }

  @Test
  void rangesOfTheCalibrationAreThoseOfTheValues() {
    Backend cuda = GpuBackend.get();
    PlanCase c = wholeNumbers();
    try (PairedProgram program = cuda.compile(c.plan(Recording.CALIBRATION), IMAGES)) {
      PlanCase.await(program.submit(c.batch()));
      var s = program.statistics().layer(0).fp32().layer();
      assertEquals(new Range(-2, 2), new Range(s.min(), s.max()));
      assertEquals((long) IMAGES * IN.size(), s.count());
    }
  }
}
