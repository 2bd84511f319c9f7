package io.depthscope.backend.cpu;

import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Network;
import io.depthscope.graph.Op;
import io.depthscope.graph.Window;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.plan.Step;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.Range;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import io.depthscope.verification.LayerCase;
import io.depthscope.verification.LayerFile;
import io.depthscope.verification.PlanCase;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * A dense or depthwise layer of a shape file, with everything the kernels need to run it on random
 * numbers.
 *
 * @param id file and layer, such as {@code mobilenet_v1/conv_pw_1}
 */
record BenchLayer(String id, LayerCase layer) {
  private static final Path FOLDER = Path.of("bench", "shapes");
  private static final long SEED = 20210421;

  /** What float32 sums may lose of the sum of magnitudes. */
  private static final double LOSS = 1e-5;

  /**
   * The layers of a shape file that this backend's products compute, in order.
   *
   * @throws IOException if it cannot be read or a line makes no sense, naming the file
   */
  static List<BenchLayer> read(String file) throws IOException {
    List<BenchLayer> layers = new ArrayList<>();
    for (LayerCase layer : LayerFile.read(FOLDER.resolve(file + ".txt"))) {
      if (layer.op() instanceof Op.Convolution && layer.runsOn(new CpuBackend(1))) {
        layers.add(new BenchLayer(file + "/" + layer.name(), layer));
      }
    }
    return layers;
  }

  /** The layer of this id. */
  static BenchLayer of(String id) throws IOException {
    for (BenchLayer l : read(id.substring(0, id.indexOf('/')))) {
      if (l.id.equals(id)) {
        return l;
      }
    }
    throw new IOException("no layer " + id + " in the shape files");
  }

  Shape in() {
    return layer.in();
  }

  private Op.Convolution op() {
    return (Op.Convolution) layer.op();
  }

  boolean isDepthwise() {
    return op().isDepthwise(in());
  }

  Window window() {
    return op().window();
  }

  Shape out() {
    return layer.out();
  }

  /** Multiplications and additions of one image. */
  long flops() {
    return 2 * op().macs(layer.inputs());
  }

  /**
   * Floats from one position of the input to the next; an image that is only gathered has no gaps.
   */
  private int inputRow() {
    boolean image = in().channels() < 4 && !window().isPointwise() && !isDepthwise();
    return image ? in().channels() : CpuLayer.rowFloats(in());
  }

  /** The layer with random weights, its output quantized to 8 bits, as the backend compiles it. */
  CpuLayer compile() {
    QuantParams output = QuantParams.of(new Range(0, 6), QuantFormat.asymmetric(8));
    QuantSpec spec = new QuantSpec(Map.of(layer.name(), output), Map.of());
    Plan plan = Plan.of(layer.network(SEED), table(), spec, Feed.ACCUMULATED, Recording.STATISTICS);
    Step step = plan.steps().getLast();
    return CpuLayer.of(
        step,
        inputRow(),
        CpuLayer.rowFloats(out()),
        CpuLayer.tileRows(step, 0),
        /* handsOver= */ false);
  }

  /** Of no use, since inputs are values. */
  private float[][] table() {
    return new float[in().channels()][256];
  }

  /** A random input image in the backend's layout; padding channels are zero. */
  float[] image() {
    float[] values = values();
    float[] image = new float[in().positions() * inputRow()];
    for (int p = 0; p < in().positions(); p++) {
      System.arraycopy(values, p * in().channels(), image, p * inputRow(), in().channels());
    }
    return image;
  }

  private float[] values() {
    return gaussian(in().size(), 1);
  }

  /** Normally distributed numbers, the same at every call. */
  static float[] gaussian(int n, float deviation) {
    SplittableRandom random = new SplittableRandom(SEED + n);
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) (random.nextGaussian() * deviation);
    }
    return values;
  }

  /**
   * Compares all outputs of a kernel with the reference backend's.
   *
   * @param tiles output of each tile, laid out as {@link Gemm} writes it
   * @throws IllegalStateException naming the first wrong output
   */
  void check(CpuLayer compiled, List<float[]> tiles) {
    float[] kernel = compiled.step().kernel();
    float[] expected = products(kernel, values());
    float[] magnitudes = products(magnitudes(kernel), magnitudes(values()));
    int rows = compiled.tileRows();
    int channels = out().channels();
    for (int i = 0; i < expected.length; i++) {
      int p = i / channels;
      int c = i % channels;
      int tilePositions = Math.min(rows, out().positions() - p / rows * rows);
      int lane = c % Lanes.N;
      float got = tiles.get(p / rows)[(c - lane) * tilePositions + p % rows * Lanes.N + lane];
      if (!(Math.abs(got - expected[i]) <= LOSS * magnitudes[i])) {
        throw new IllegalStateException(
            id + ": position " + p + ", channel " + c + ": " + got + ", not " + expected[i]);
      }
    }
  }

  private static float[] magnitudes(float[] values) {
    float[] magnitudes = values.clone();
    for (int i = 0; i < magnitudes.length; i++) {
      magnitudes[i] = Math.abs(magnitudes[i]);
    }
    return magnitudes;
  }

  /** What the reference backend makes of an image with these weights, without bias and clamp. */
  private float[] products(float[] kernel, float[] image) {
    LayerCase bare = layer.clamped(Clamp.NONE);
    FloatTensor own = new FloatTensor(op().kernelDims(layer.inputs()), kernel);
    Map<String, FoldedWeights> weights =
        Map.of(layer.name(), new FoldedWeights(own, new float[out().channels()]));
    Plan plan = Plan.fp32(Network.of(bare.graph(), weights), table(), Recording.PLAIN);
    try (Program program = new ReferenceBackend().compile(plan, 1)) {
      return PlanCase.await(program.submit(InputBatch.ofValues(1, image))).baseline();
    }
  }
}
