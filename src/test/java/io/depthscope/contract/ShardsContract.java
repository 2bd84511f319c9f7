package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.depthscope.backend.Backend;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.QuantizedTensor;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.stats.BlockTree;
import io.depthscope.stats.NetworkAccumulator;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import io.depthscope.testkit.Digests;
import io.depthscope.verification.PlanCase;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** More images than a block holds: the same statistics however they are shared out. */
abstract class ShardsContract {
  private static final int B = BlockTree.BLOCK;
  private static final int CHANNELS = 5;
  private static final Shape IN = new Shape(5, 4, CHANNELS);
  private static final int DATA = 4 * B - 30;

  /** Backends that must agree with each other to the last bit. */
  abstract List<Backend> equalBackends();

  private final Plan plan = plan();

  /** Images that can be read, by index: now and then one is missing, and a whole block. */
  private final int[] readable =
      java.util.stream.IntStream.range(0, DATA).filter(i -> i % 13 != 4 && i / B != 1).toArray();

  private static Plan plan() {
    Graph graph =
        new Graph(
            "shards",
            List.of(
                new Node("input", new Op.Input(IN), List.of()),
                new Node("mix", Op.Convolution.pointwise(CHANNELS), Clamp.RELU, List.of(0))));
    Random random = new Random(2);
    float[] kernel = new float[CHANNELS * CHANNELS];
    for (int i = 0; i < kernel.length; i++) {
      kernel[i] = (float) random.nextGaussian();
    }
    RangeEstimator minMax = new RangeEstimator.MinMax();
    QuantScheme scheme =
        QuantScheme.parse("w8a8", false, false, Granularity.PER_TENSOR, minMax, minMax);
    QuantizedTensor codes =
        QuantizedTensor.of(
            kernel, CHANNELS, scheme.weights().orElseThrow(), Granularity.PER_TENSOR, minMax);
    FoldedWeights weights =
        new FoldedWeights(
            new FloatTensor(new int[] {CHANNELS, 1, 1, CHANNELS}, kernel), new float[CHANNELS]);
    return Plan.of(
        Network.of(graph, Map.of("mix", weights)),
        new float[CHANNELS][256],
        new QuantSpec(Map.of("mix", new QuantParams(0.03f, 0, 0, 255)), Map.of("mix", codes)),
        Feed.ACCUMULATED,
        Recording.ERROR_SOURCES);
  }

  /** A batch of images {@code from..to-1} of those that can be read. */
  private InputBatch batch(int from, int to) {
    float[] values = new float[(to - from) * IN.size()];
    for (int i = from; i < to; i++) {
      Random random = new Random(readable[i]);
      for (int k = 0; k < IN.size(); k++) {
        values[(i - from) * IN.size() + k] = (float) random.nextGaussian();
      }
    }
    return new InputBatch(to - from, Arrays.copyOfRange(readable, from, to), null, values);
  }

  private void submit(Program program, int from, int to, int size) {
    for (int at = from; at < to; at += size) {
      PlanCase.await(program.submit(batch(at, Math.min(to, at + size))));
    }
  }

  private static byte[] state(NetworkAccumulator a) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    a.write(new DataOutputStream(bytes));
    return bytes.toByteArray();
  }

  @Test
  void anyBatchThreadsAndBreakGiveTheSameBytes() throws IOException {
    byte[] expected = null;
    for (Backend backend : equalBackends()) {
      for (int size : new int[] {1, 7, 32, 300}) {
        byte[] whole;
        try (Program program = backend.compile(plan, size)) {
          submit(program, 0, readable.length, size);
          assertEquals(readable.length, program.statistics().images());
          whole = state(program.statistics());
        }
        expected = expected == null ? whole : expected;
        assertArrayEquals(expected, whole, backend.description() + ", batches of " + size);
        int half = size == 7 ? 2 * size : readable.length / 2 / size * size + 1;
        byte[] checkpoint;
        try (Program program = backend.compile(plan, size)) {
          submit(program, 0, half, size);
          program.statistics(); // asking must not change anything
          checkpoint = state(program.statistics());
        }
        try (Program program = backend.compile(plan, size)) {
          program.statistics().read(new DataInputStream(new ByteArrayInputStream(checkpoint)));
          submit(program, half, readable.length, size);
          assertArrayEquals(expected, state(program.statistics()), "from image " + half);
        }
      }
    }
  }

  @Test
  void shardsOfWholeBlocksGiveTheTotalsOfOneRun() {
    for (Backend backend : equalBackends()) {
      NetworkAccumulator whole;
      try (Program program = backend.compile(plan, 50)) {
        submit(program, 0, readable.length, 50);
        whole = program.statistics();
        for (int cut = 0; cut < 8; cut++) { // three places to cut, each cut or not
          List<NetworkAccumulator> shards = new ArrayList<>();
          int from = 0;
          for (int block = 1; block <= 4; block++) {
            if (block == 4 || (cut >> (block - 1)) % 2 == 1) {
              int end = block * B;
              int to = (int) Arrays.stream(readable).filter(i -> i < end).count();
              try (Program shard = backend.compile(plan, 90)) {
                submit(shard, from, to, 90);
                shards.addFirst(shard.statistics());
              }
              from = to;
            }
          }
          NetworkAccumulator all = plan.newAccumulator();
          shards.forEach(all::merge);
          String text = backend.description() + ", cut " + cut;
          assertArrayEquals(Digests.figures(whole), Digests.figures(all), text);
        }
      }
    }
  }
}
