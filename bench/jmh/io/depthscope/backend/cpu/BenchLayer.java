package io.depthscope.backend.cpu;

import io.depthscope.graph.Clamp;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.graph.Window;
import io.depthscope.plan.Step;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.Range;
import io.depthscope.tensor.Shape;
import io.depthscope.zoo.PaddingStyle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * One line of a shape file, with everything the kernels need to run that layer on random numbers.
 *
 * @param id file and layer, such as {@code mobilenet_v1/conv_pw_1}
 * @param in shape of the layer's input
 */
record BenchLayer(String id, Op.Convolution op, Clamp clamp, Shape in) {
  private static final Path FOLDER = Path.of("bench", "shapes");
  private static final long SEED = 20210421;
  private static final int FIELDS = 9;

  /**
   * The layers of a shape file, in order.
   *
   * @throws IOException if it cannot be read or a line makes no sense, naming the file
   */
  static List<BenchLayer> read(String file) throws IOException {
    Path path = FOLDER.resolve(file + ".txt");
    List<BenchLayer> layers = new ArrayList<>();
    for (String line : Files.readAllLines(path)) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      try {
        layers.add(parse(file, line.strip().split(" +")));
      } catch (IllegalArgumentException e) {
        throw new IOException(path + ": '" + line.strip() + "': " + e.getMessage(), e);
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

  private static BenchLayer parse(String file, String[] field) {
    if (field.length != FIELDS) {
      throw new IllegalArgumentException(FIELDS + " fields expected, got " + field.length);
    }
    Shape in =
        new Shape(
            Integer.parseInt(field[2]), Integer.parseInt(field[3]), Integer.parseInt(field[4]));
    int outputs = Integer.parseInt(field[5]);
    Window g =
        field[6].equals("1")
            ? Window.POINTWISE
            : PaddingStyle.valueOf(field[8].toUpperCase(Locale.ROOT))
                .window(in, Integer.parseInt(field[6]), Integer.parseInt(field[7]));
    Op.Convolution op =
        switch (field[1]) {
          case "conv", "pointwise" -> Op.Convolution.dense(g, outputs);
          case "depthwise" -> Op.Convolution.depthwise(g, outputs);
          case "fully-connected" -> Op.Convolution.pointwise(outputs);
          default -> throw new IllegalArgumentException("unknown kind " + field[1]);
        };
    Clamp clamp = field[1].equals("fully-connected") ? Clamp.NONE : Clamp.RELU6;
    return new BenchLayer(file + "/" + field[0], op, clamp, in);
  }

  boolean isDepthwise() {
    return op.isDepthwise(in);
  }

  Window window() {
    return op.window();
  }

  Shape out() {
    return op.outputShape(List.of(in));
  }

  /** Weights an output value is the sum of. */
  int depth() {
    return (int) (op.kernelSize(List.of(in)) / op.outChannels());
  }

  /** Multiplications and additions of one image. */
  long flops() {
    return 2L * out().size() * depth();
  }

  /**
   * Floats from one position of the input to the next; an image that is only gathered has no gaps.
   */
  private int inputRow() {
    boolean image = in.channels() < 4 && !window().isPointwise() && !isDepthwise();
    return image ? in.channels() : CpuLayer.rowFloats(in);
  }

  /** Where an input value lies in the backend's layout. */
  private int at(int position, int channel) {
    return position * inputRow() + channel;
  }

  /** The layer with random weights, its output quantized to 8 bits, as the backend compiles it. */
  CpuLayer compile() {
    int channels = out().channels();
    float[] kernel = gaussian(channels * depth(), (float) Math.sqrt(2.0 / depth()));
    QuantParams output = QuantParams.of(new Range(0, 6), QuantFormat.asymmetric(8));
    Step step =
        new Step(
            1,
            new Node(id, op, clamp, List.of(0)),
            List.of(in),
            out(),
            kernel,
            kernel,
            Optional.empty(),
            gaussian(channels, 0.5f),
            Optional.of(output));
    return CpuLayer.of(
        plan,
        inputRow(),
        CpuLayer.rowFloats(out()),
        CpuLayer.tileRows(plan, 0),
        /* handsOver= */ false);
  }

  /** A random input image in the backend's layout; padding channels are zero. */
  float[] image() {
    float[] values = gaussian(in.size(), 1);
    float[] image = new float[in.positions() * inputRow()];
    for (int p = 0; p < in.positions(); p++) {
      for (int c = 0; c < in.channels(); c++) {
        image[at(p, c)] = values[p * in.channels() + c];
      }
    }
    return image;
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
   * Compares all outputs of a kernel with plain loops in double.
   *
   * @param tiles output of each tile, laid out as {@link Gemm} writes it
   * @throws IllegalStateException naming the first wrong output
   */
  void check(CpuLayer compiled, float[] image, List<float[]> tiles) {
    float[] kernel = compiled.step().kernel();
    int rows = compiled.tileRows();
    for (int p = 0; p < out().positions(); p++) {
      float[] tile = tiles.get(p / rows);
      int tilePositions = Math.min(rows, out().positions() - p / rows * rows);
      for (int c = 0; c < out().channels(); c++) {
        int lane = c % Lanes.N;
        float got = tile[(c - lane) * tilePositions + p % rows * Lanes.N + lane];
        expect(got, image, kernel, p, c);
      }
    }
  }

  private void expect(float got, float[] image, float[] kernel, int output, int channel) {
    Window g = window();
    int top = output / out().width() * g.strideH() - g.padding().top();
    int left = output % out().width() * g.strideW() - g.padding().left();
    int firstInput = isDepthwise() ? channel : 0;
    int inputs = isDepthwise() ? 1 : in.channels();
    double sum = 0;
    double magnitude = 0;
    for (int ky = Math.max(0, -top); ky < Math.min(g.kernelH(), in.height() - top); ky++) {
      for (int kx = Math.max(0, -left); kx < Math.min(g.kernelW(), in.width() - left); kx++) {
        int tap = ky * g.kernelW() + kx;
        int position = (top + ky) * in.width() + left + kx;
        int w = channel * depth() + tap * inputs;
        for (int i = 0; i < inputs; i++) {
          double term = (double) image[at(position, firstInput + i)] * kernel[w + i];
          sum += term;
          magnitude += Math.abs(term);
        }
      }
    }
    if (!(Math.abs(got - sum) <= 1e-5 * magnitude)) {
      throw new IllegalStateException(
          id + ": position " + output + ", channel " + channel + ": " + got + ", not " + sum);
    }
  }
}
