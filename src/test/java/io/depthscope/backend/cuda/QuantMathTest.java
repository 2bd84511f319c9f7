package io.depthscope.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.depthscope.backend.Backend;
import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantSpec;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import io.depthscope.testkit.GpuBackend;
import io.depthscope.verification.PlanCase;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The formula of kernels/common/quant_math.cuh gives the bits of {@link QuantParams}, on values
 * built to tell them apart: ties and their neighbours, edges of the range, everything that is not
 * an ordinary number, and scales whose reciprocal is not one.
 */
@Tag("gpu")
class QuantMathTest {
  private static final Shape IMAGE = new Shape(64, 32, 4);
  private static final long SEED = 31;

  /** Codes of which ties are built; of finer formats a part is taken. */
  private static final int MOST_CODES = 1200;

  private static final float[] ODD = {
    0f,
    -0f,
    Float.NaN,
    Float.intBitsToFloat(0x7f800001),
    Float.intBitsToFloat(0xffffffff),
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    Float.MIN_NORMAL,
    -Float.MIN_NORMAL,
    Math.nextDown(Float.MIN_NORMAL),
    1f,
    -1f,
    0.5f,
    -0.5f,
    0x1p22f,
    0x1.000002p22f,
    0x1p23f,
    0x1.000002p23f,
    0x1p24f,
    -0x1.fffffep23f
  };

  private final Random random = new Random(SEED);

  private static Graph input() {
    return new Graph("input", List.of(new Node("input", new Op.Input(IMAGE), List.of())));
  }

  /** An input, and a pointwise convolution that leaves every value as it is. */
  private static Graph copied() {
    Op copy = Op.Convolution.pointwise(4);
    return new Graph(
        "copy",
        List.of(
            new Node("input", new Op.Input(IMAGE), List.of()), new Node("copy", copy, List.of(0))));
  }

  private static Plan plan(Graph graph, QuantParams p, Recording recording) {
    float[] identity = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
    FloatTensor kernel = new FloatTensor(new int[] {4, 1, 1, 4}, identity);
    Map<String, FoldedWeights> weights = Map.of("copy", new FoldedWeights(kernel, new float[4]));
    Network network = Network.of(graph, weights);
    String last = graph.node(graph.size() - 1).name();
    QuantSpec spec = new QuantSpec(Map.of(last, p), Map.of());
    return Plan.of(network, new float[4][256], spec, Feed.ACCUMULATED, recording);
  }

  private List<QuantParams> cases() {
    List<Float> scales = new ArrayList<>();
    for (int exponent = -149; exponent <= 127; exponent += 6) {
      scales.add(Math.scalb(1f, exponent));
    }
    for (float s :
        new float[] {
          Float.MIN_VALUE,
          3 * Float.MIN_VALUE,
          0x1p-128f, // its reciprocal is no longer finite
          0x1.000002p-128f,
          Math.nextUp(0x1p-128f),
          0x1p-127f,
          Math.nextDown(Float.MIN_NORMAL),
          Float.MIN_NORMAL,
          Math.nextUp(Float.MIN_NORMAL),
          0x1p126f, // its reciprocal is the smallest normal number
          Math.nextUp(0x1p126f),
          0x1p127f,
          Float.MAX_VALUE,
          Math.nextUp(1f),
          Math.nextDown(1f),
          1f / 3,
          0.1f,
          6f / 255,
          1f / 255,
          1f / 127,
          0.7f,
          (float) Math.PI
        }) {
      scales.add(s);
    }
    while (scales.size() < 190) {
      int exponent = random.nextInt(4) == 0 ? random.nextInt(277) - 149 : random.nextInt(24) - 16;
      scales.add(Math.max(Float.MIN_VALUE, Math.scalb(1 + random.nextFloat(), exponent)));
    }
    List<QuantParams> all = new ArrayList<>();
    for (int i = 0; i < scales.size(); i++) {
      int bits = 2 + i % 15;
      int most = (1 << bits) - 1;
      float scale = Math.min(Float.MAX_VALUE, scales.get(i));
      switch (i % 4) {
        case 0 -> all.add(new QuantParams(scale, 0, -(most / 2), most / 2));
        case 1 -> all.add(new QuantParams(scale, random.nextInt(most + 1) | 1, 0, most));
        case 2 -> all.add(new QuantParams(scale, i % 8 == 2 ? 0 : most, 0, most));
        default ->
            all.add(
                new QuantParams(
                    scale, -1 - most / 2 + random.nextInt(most + 1), -1 - most / 2, most / 2));
      }
    }
    return all;
  }

  /** Values around everything that matters to these parameters; a whole number of images. */
  private float[] values(QuantParams p) {
    int codes = p.codes();
    int step = Math.max(1, codes / MOST_CODES);
    List<float[]> pieces = new ArrayList<>();
    pieces.add(ODD);
    for (int code = p.qmin() - 2; code <= p.qmax() + 2; code++) {
      boolean edge = code <= p.qmin() + 2 || code >= p.qmax() - 2;
      boolean nearZero = Math.abs(code - p.zeroPoint()) <= 8;
      if (edge || nearZero || (code - p.qmin()) % step == random.nextInt(step)) {
        pieces.add(around((float) ((code - p.zeroPoint() + 0.5) * p.scale())));
        pieces.add(new float[] {(code - p.zeroPoint()) * p.scale()});
      }
    }
    int have = pieces.stream().mapToInt(f -> f.length).sum();
    int images = Math.max(7, (have + IMAGE.size() - 1) / IMAGE.size());
    float[] values = new float[images * IMAGE.size()];
    int at = 0;
    for (float[] piece : pieces) {
      System.arraycopy(piece, 0, values, at, piece.length);
      at += piece.length;
    }
    double reach = 1.3 * codes * (double) p.scale();
    for (; at < values.length; at++) {
      values[at] =
          switch (random.nextInt(4)) {
            case 0 -> Float.intBitsToFloat(random.nextInt()); // any bits at all
            case 1 -> nearTie(p, codes);
            default -> (float) ((2 * random.nextDouble() - 1) * reach);
          };
    }
    return values;
  }

  /** A value and four neighbours on either side. */
  private static float[] around(float x) {
    float[] found = new float[9];
    found[4] = x;
    for (int i = 1; i <= 4; i++) {
      found[4 + i] = Math.nextUp(found[3 + i]);
      found[4 - i] = Math.nextDown(found[5 - i]);
    }
    return found;
  }

  private float nearTie(QuantParams p, int codes) {
    float x = (float) ((random.nextInt(2 * codes) - codes + 0.5) * p.scale());
    return Float.intBitsToFloat(Float.floatToIntBits(x) + random.nextInt(9) - 4);
  }

  @Test
  void everyValueGetsTheBitsOfQuantParams() {
    Backend cuda = GpuBackend.get();
    long tested = 0;
    for (QuantParams p : cases()) {
      float[] values = values(p);
      check(cuda, input(), p, Recording.STATISTICS, values);
      tested += values.length;
    }
    System.out.println("quantized as in Java, bit for bit: " + tested + " values");
    assertTrue(tested >= 10_000_000, "only " + tested + " values");
  }

  /** Where no statistics are recorded, the kernels quantize elsewhere. */
  @Test
  void withoutStatisticsTheBitsAreTheSame() {
    Backend cuda = GpuBackend.get();
    List<QuantParams> all = cases();
    for (int i = 0; i < all.size(); i += 9) {
      QuantParams p = all.get(i);
      float[] values = Arrays.copyOf(values(p), 3 * IMAGE.size());
      check(cuda, input(), p, Recording.PAIRED, values);
      // A product with 0 would spread what is not finite over the channels.
      for (int k = 0; k < values.length; k++) {
        values[k] = Float.isFinite(values[k]) ? values[k] + 0f : k;
      }
      check(cuda, copied(), p, Recording.PAIRED, values);
      check(cuda, copied(), p, Recording.ERROR_SOURCES, values);
    }
  }

  private static void check(
      Backend cuda, Graph graph, QuantParams p, Recording recording, float[] values) {
    int images = values.length / IMAGE.size();
    Plan plan = plan(graph, p, recording);
    long[] codes = new long[p.codes()];
    long[] saturated = new long[IMAGE.channels()];
    try (Program program = cuda.compile(plan, images)) {
      BatchOutput out = PlanCase.await(program.submit(InputBatch.ofValues(images, values)));
      for (int i = 0; i < values.length; i++) {
        float expected = p.fakeQuantize(values[i]);
        if (Float.floatToRawIntBits(expected) != Float.floatToRawIntBits(out.candidate()[i])) {
          fail(
              "%s, %s of %s: %a (bits %08x, %s steps) became %a instead of %a"
                  .formatted(
                      recording,
                      graph.name(),
                      p,
                      values[i],
                      Float.floatToRawIntBits(values[i]),
                      values[i] / p.scale(),
                      out.candidate()[i],
                      expected));
        }
        codes[p.quantize(values[i]) - p.qmin()]++;
        saturated[i % IMAGE.channels()] += p.saturates(values[i]) ? 1 : 0;
      }
      if (!recording.statistics()) {
        return;
      }
      LayerAccumulator counted = program.statistics().layer(graph.size() - 1);
      assertTrue(Arrays.equals(codes, counted.codes()), () -> "codes of " + p);
      for (int c = 0; c < saturated.length; c++) {
        assertEquals(
            saturated[c], counted.channelError(c).saturated(), p + ", saturated, channel " + c);
      }
    }
  }
}
