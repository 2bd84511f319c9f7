package io.depthscope.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.depthscope.backend.Backend;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
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
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.plan.Step;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.Range;
import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.ErrorTerm;
import io.depthscope.stats.ImageSums;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.LayerStatistics;
import io.depthscope.stats.Moments;
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
 * double, for sums given to the kernels directly; and networks of whole numbers have the sums that
 * are known.
 */
@Tag("gpu")
class MomentsTest {
  private static final int FIELDS = LayerStatistics.STATE_FIELDS;
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
        LayerAccumulator expected = new LayerAccumulator(channels, 0, level == 2);
        int stride = LayerParams.stride(channels);
        double[] state = new double[FIELDS * stride];
        expected.total().exportState(state, 0, stride);
        long before = 0;
        for (int images : new int[] {1, 7, 2, 30}) {
          Batch batch = batch(images, channels, positions, stride, level);
          for (ImageSums sums : batch.expected) {
            expected.add((int) before, sums, level > 0);
          }
          state = merged(device, batch, channels, state, positions, level, before);
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
      LayerAccumulator expected = new LayerAccumulator(channels, 0, true);
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
      expected.importBlock(0, before * positions, true, state, 0, stride);
      Batch batch = batch(9, channels, positions, stride, 2);
      for (ImageSums sums : batch.expected) {
        expected.add(0, sums, true);
      }
      double[] got = merged(device, batch, channels, state, positions, 2, before);
      assertSame(expected, got, stride, 2, before + " images before");
    }
  }

  /** Tiles are joined in ascending order, in double, and ranges of images are found. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void tilesAreJoinedInOrder(int level) {
    Device device = GpuBackend.device();
    GpuBackend.get();
    for (int channels : new int[] {1, 5, 255, 256, 300}) {
      for (int tiles : new int[] {1, 2, 49}) {
        reduce(device, 3, tiles, channels, level);
      }
    }
  }

  /** Words of a stream as common/statistics.cuh has them. */
  private static final int STREAM_WORDS = 9;

  private void reduce(Device device, int images, int tiles, int channels, int level) {
    int words = Mode.values()[level == 0 ? Mode.OBSERVED.ordinal() : level + 2].partialWords();
    int stride = LayerParams.stride(channels);
    int[] partials = new int[images * tiles * words * stride];
    for (int i = 0; i < partials.length; i += stride * words) {
      for (int c = 0; c < stride; c++) {
        for (int word = 0; word < words; word++) {
          partials[i + word * stride + c] = randomWord(word);
        }
      }
    }
    double[] expected = new double[images * FIELDS * stride];
    int groups = Tiling.ceil(channels, GROUP);
    float[] ranges = new float[2 * images * groups];
    for (int image = 0; image < images; image++) {
      ImageSums sums = new ImageSums(channels, 1, level == 2);
      for (int c = 0; c < channels; c++) {
        int first = image * tiles * words * stride + c;
        joinStream(sums.baseline, c, partials, first, tiles, words * stride, stride);
        if (level > 0) {
          int candidate = first + STREAM_WORDS * stride;
          joinStream(sums.candidate, c, partials, candidate, tiles, words * stride, stride);
          joinError(sums, c, partials, first, tiles, words * stride, stride);
        }
      }
      export(sums, level, expected, image * FIELDS * stride, stride);
      for (int c = 0; c < channels; c++) {
        int range = 2 * (image * groups + c / GROUP);
        boolean start = c % GROUP == 0;
        float lo = sums.baseline.min[c];
        float hi = sums.baseline.max[c];
        ranges[range] = start ? lo : Math.min(ranges[range], lo);
        ranges[range + 1] = start ? hi : Math.max(ranges[range + 1], hi);
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

  private int randomWord(int word) {
    float x = (float) (random.nextGaussian() * Math.scalb(1.0, random.nextInt(20) - 10));
    int inStream = word < 2 * STREAM_WORDS ? word % STREAM_WORDS : -1;
    if (inStream == 7) {
      return (1 + random.nextInt(256)) << 16 | random.nextInt(257);
    }
    if (inStream == 8) {
      return random.nextInt(200) << 16 | random.nextInt(56);
    }
    int inError = word - 2 * STREAM_WORDS;
    if (inError == 3) {
      return random.nextInt(257);
    }
    boolean magnitude = inStream == 6 || inError == 2 || inError == 4;
    // The lowest value is below 0 here, the highest above.
    return Float.floatToRawIntBits(magnitude ? Math.abs(x) : inStream == 5 ? -Math.abs(x) : x);
  }

  /** The unit of a tile's powers, as {@code unitOf} in common/statistics.cuh. */
  private static float unit(float range) {
    return range == 0 ? 1 : Math.scalb(1f, Math.clamp(Math.getExponent(range), -126, 126));
  }

  private static float word(int[] partials, int at, int word, int stride) {
    return Float.intBitsToFloat(partials[at + word * stride]);
  }

  /** Eight threads share the tiles of a channel; what they have is joined in order. */
  private static void joinStream(
      StreamSums to, int c, int[] partials, int first, int tiles, int tileStep, int stride) {
    int channels = to.count.length;
    for (int chunk = 0; chunk < CHUNKS; chunk++) {
      Moments own = new Moments(channels);
      int n = 0;
      for (int tile = chunk; tile < tiles; tile += CHUNKS) {
        int at = first + tile * tileStep;
        float lo = word(partials, at, 5, stride);
        float hi = word(partials, at, 6, stride);
        int values = partials[at + 7 * stride] >>> 16;
        float[][] powers = new float[6][channels];
        for (int w = 0; w < 5; w++) {
          powers[w][c] = word(partials, at, w, stride);
        }
        powers[5][c] = unit(hi - lo);
        Moments part = new Moments(channels);
        part.setPowers(
            c, c + 1, values, powers[0], powers[5], powers[1], powers[2], powers[3], powers[4]);
        own.add(c, c + 1, n, part, values);
        n += values;
        to.min[c] = Math.min(to.min[c], lo);
        to.max[c] = Math.max(to.max[c], hi);
        to.zeros[c] += partials[at + 7 * stride] & 0xffff;
        to.nans[c] += partials[at + 8 * stride] >>> 16;
        to.infinities[c] += partials[at + 8 * stride] & 0xffff;
      }
      to.moments.add(c, c + 1, to.count[c], own, n);
      to.count[c] += n;
    }
  }

  private static void joinError(
      ImageSums to, int c, int[] partials, int first, int tiles, int tileStep, int stride) {
    for (int chunk = 0; chunk < CHUNKS; chunk++) {
      double[] own = new double[2 + to.terms.length];
      for (int tile = chunk; tile < tiles; tile += CHUNKS) {
        int at = first + tile * tileStep + 2 * STREAM_WORDS * stride;
        float largest = word(partials, at, 2, stride);
        double unit = unit(largest);
        own[0] += word(partials, at, 0, stride) * unit;
        own[1] += word(partials, at, 1, stride) * (unit * unit);
        to.errorMaxAbs[c] = Math.max(to.errorMaxAbs[c], largest);
        to.saturated[c] += partials[at + 3 * stride];
        for (int t = 0; t < to.terms.length; t++) {
          double source = unit(word(partials, at, 4, stride));
          own[2 + t] += word(partials, at, 5 + t, stride) * (source * source);
        }
      }
      to.errorSum[c] += own[0];
      to.errorSquares[c] += own[1];
      for (int t = 0; t < to.terms.length; t++) {
        to.terms[t][c] += own[2 + t];
      }
    }
  }

  /** Sums that could be those of images, and now and then of images that are not finite. */
  private Batch batch(int images, int channels, int positions, int stride, int level) {
    double[] all = new double[images * FIELDS * stride];
    List<ImageSums> expected = new java.util.ArrayList<>();
    for (int image = 0; image < images; image++) {
      ImageSums sums = new ImageSums(channels, positions, level == 2);
      for (int c = 0; c < channels; c++) {
        fill(sums.baseline, c, positions);
        fill(sums.candidate, c, positions);
        double scale = Math.scalb(1.0, random.nextInt(12) - 6);
        sums.errorSum[c] = random.nextGaussian() * scale;
        sums.errorSquares[c] = random.nextDouble() * scale;
        sums.errorMaxAbs[c] = random.nextInt(50) == 0 ? Float.NaN : random.nextFloat();
        sums.saturated[c] = random.nextInt(positions + 1);
        for (int t = 0; level == 2 && t < ErrorTerm.values().length; t++) {
          sums.terms[t][c] = random.nextDouble() * scale;
        }
      }
      export(sums, level, all, image * FIELDS * stride, stride);
      expected.add(sums);
    }
    return new Batch(images, all, expected);
  }

  /** The fields of one image's sums, which are those of a run of that image alone. */
  private static void export(ImageSums sums, int level, double[] to, int at, int stride) {
    LayerAccumulator one = new LayerAccumulator(sums.channels(), 0, level == 2);
    one.add(0, sums, level > 0);
    one.total().exportState(to, at, stride);
  }

  private void fill(StreamSums s, int c, int n) {
    double width = Math.scalb(1.0, random.nextInt(16) - 8);
    double mean = random.nextGaussian() * Math.scalb(width, random.nextInt(20) - 5);
    boolean wild = random.nextInt(60) == 0;
    int left = n;
    while (left > 0) {
      int times = left > 8 ? 1 + random.nextInt(left) : 1;
      float x = (float) (mean + random.nextGaussian() * width);
      s.add(c, wild && left == n ? Float.NEGATIVE_INFINITY : x, times);
      left -= times;
    }
    s.zeros[c] = random.nextInt(n + 1);
    s.nans[c] = wild ? random.nextInt(n + 1) : 0;
  }

  private static double[] merged(
      Device device,
      Batch batch,
      int channels,
      double[] state,
      int positions,
      int level,
      long before) {
    int stride = LayerParams.stride(channels);
    try (DeviceArena arena = new DeviceArena(device)) {
      DeviceStream stream = arena.newStream();
      DeviceBuffer sums = upload(arena, stream, batch.sums);
      DeviceBuffer running = upload(arena, stream, state);
      DeviceBuffer places;
      try (Uploads uploads = new Uploads(arena, stream)) {
        int[] each = new int[stride];
        Arrays.fill(each, 0, channels, positions);
        places = uploads.ints(each, "positions");
      }
      MergeParams p = MergeParams.of(batch.images, stride, level, before);
      long[] pointers = {sums.address(), places.address(), running.address()};
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
    expected.total().exportState(want, 0, stride);
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

  // Networks of small whole numbers: every float32 sum of errors is exact, in whatever order.

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
    return new PlanCase(
        "whole numbers",
        Network.of(graph, weights),
        new float[IN.channels()][256],
        new QuantSpec(params, Map.of()),
        Feed.ACCUMULATED,
        InputBatch.ofValues(IMAGES, values));
  }

  /** The statistics of tensors, image by image as the backends merge them. */
  private static NetworkAccumulator expected(Plan plan, List<NodeTensors> tensors) {
    NetworkAccumulator all = plan.newAccumulator();
    for (int image = 0; image < IMAGES; image++) {
      List<ImageSums> sums = plan.newImageSums();
      for (Step l : plan.steps()) {
        NodeTensors t = tensors.get(l.index());
        ImageSums s = sums.get(l.index());
        int size = l.out().size();
        int channels = l.out().channels();
        for (int k = image * size; k < (image + 1) * size; k++) {
          int c = k % channels;
          s.baseline.add(c, t.x()[k], 1);
          s.candidate.add(c, t.xq()[k], 1);
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
    for (Step l : plan.steps()) {
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
  void wholeNumbersGiveTheSumsOfTheAccumulator(int batch) throws IOException {
    Backend cuda = GpuBackend.get();
    PlanCase c = wholeNumbers();
    Plan plan = c.plan(Recording.ERROR_SOURCES);
    NetworkAccumulator expected = expected(plan, c.probe(cuda));
    assertEquals(BitHistogram.BINS, expected.layer(0).histogram().counts().length);
    byte[] checkpoint;
    byte[] whole;
    int half = IMAGES / 2;
    try (Program program = cuda.compile(plan, batch)) {
      submit(program, c, 0, half, batch);
      checkpoint = bytes(program.statistics());
      submit(program, c, half, IMAGES, batch);
      assertChecked(expected, program.statistics(), "in one go");
      whole = bytes(program.statistics());
    }
    try (Program program = cuda.compile(plan, batch)) {
      program.statistics().read(new DataInputStream(new ByteArrayInputStream(checkpoint)));
      submit(program, c, half, IMAGES, batch);
      assertArrayEquals(whole, bytes(program.statistics()), "after a checkpoint");
    }
  }

  private static void submit(Program program, PlanCase c, int from, int to, int batch) {
    for (int at = from; at < to; at += batch) {
      PlanCase.await(program.submit(StatisticsCheck.slice(c, at, Math.min(to, at + batch))));
    }
  }

  /** Everything but moments is exact; those may lose what sums about a rounded mean lose. */
  private static void assertChecked(
      NetworkAccumulator expected, NetworkAccumulator actual, String text) {
    for (int i = 0; i < expected.size(); i++) {
      LayerAccumulator a = expected.layer(i);
      int stride = LayerParams.stride(a.channels());
      double[] want = new double[FIELDS * stride];
      double[] got = new double[FIELDS * stride];
      a.total().exportState(want, 0, stride);
      actual.layer(i).total().exportState(got, 0, stride);
      for (int at = 0; at < want.length; at++) {
        int f = at / stride;
        String what = text + ", layer " + i + ", field " + f + ", channel " + at % stride;
        if (f < ERROR && f % STREAM < 4) {
          // M2 bounds the sums of magnitudes; values lie within 64 of each other.
          double m2 = want[(f / STREAM * STREAM + 1) * stride + at % stride];
          double reach = f % STREAM == 0 ? 1 : m2 * Math.pow(64, f % STREAM - 1);
          assertEquals(want[at], got[at], 1e-6 * reach, what);
        } else {
          assertBits(want[at], got[at], what);
        }
      }
      assertArrayEquals(a.histogram().counts(), actual.layer(i).histogram().counts(), text);
      assertArrayEquals(a.codes(), actual.layer(i).codes(), text);
      assertEquals(a.highest(), actual.layer(i).highest(), text);
      assertEquals(a.lowest(), actual.layer(i).lowest(), text);
    }
  }

  @Test
  void rangesOfTheCalibrationAreThoseOfTheValues() {
    Backend cuda = GpuBackend.get();
    PlanCase c = wholeNumbers();
    try (Program program = cuda.compile(c.plan(Recording.CALIBRATION), IMAGES)) {
      PlanCase.await(program.submit(c.batch()));
      var s = program.statistics().layer(0).baseline().layer();
      assertEquals(new Range(-2, 2), new Range(s.min(), s.max()));
      assertEquals((long) IMAGES * IN.size(), s.count());
    }
  }
}
