package io.depthscope.remedy;

import io.depthscope.graph.Op;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantizedTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Chooses the codes of one layer's weights, and the range they stand for, by what the layer's sums
 * err by.
 *
 * <p>Where there are enough samples, the weights aimed at are those that make of the quantized
 * network's values what the float32 network makes of its own, {@code T = W C H^-1}; else W itself.
 */
final class LayerRounding {

  /** Added to the diagonal of H, as a share of its mean: what was not seen must not grow. */
  private static final double DAMPING = 0.01;

  /** Shares of the given range that are tried. */
  private static final double[] RANGES = {1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4};

  /**
   * A layer's codes.
   *
   * @param nearest relative error of the sums with every weight rounded to the nearest code
   * @param learned the same with these
   */
  record Result(QuantizedTensor codes, double nearest, double learned) {}

  /**
   * Rows that share their inputs.
   *
   * @param first row of the layer
   * @param h second moments of the inputs, with damping
   * @param factor its Cholesky factor
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Group(int first, double[] h, double[] factor, double[][] targets) {}

  /** A row's codes, and what its sums err by. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Row(QuantParams params, int[] codes, double error) {}

  private final QuantizedTensor nearest;
  private final int rows;
  private final int size;
  private final List<Group> groups;
  private final Rounding.Method method;

  private LayerRounding(LayerWalk.Layer layer, QuantizedTensor nearest, Rounding.Method method) {
    Op.Convolution op = (Op.Convolution) layer.node().op();
    this.nearest = nearest;
    this.method = method;
    rows = op.outChannels();
    size = nearest.codes().length / rows;
    IntStream numbers = IntStream.range(0, op.groups());
    groups =
        (op.groups() > 8 ? numbers.parallel() : numbers)
            .mapToObj(g -> group(layer, g, rows / op.groups()))
            .flatMap(Optional::stream)
            .toList();
  }

  /**
   * The codes of a layer.
   *
   * @param nearest its codes, every weight rounded to the nearest
   */
  static Result of(LayerWalk.Layer layer, QuantizedTensor nearest, Rounding.Method method) {
    return new LayerRounding(layer, nearest, method).result();
  }

  /** Empty if it reads constants alone, or its moments cannot be divided by: any codes do. */
  private static Optional<Group> group(LayerWalk.Layer layer, int number, int rows) {
    GramMatrix gram = GramMatrix.of(layer, number);
    int size = gram.size();
    double diagonal = 0;
    for (int i = 0; i < size; i++) {
      diagonal += gram.quantized()[i * size + i];
    }
    double damping = DAMPING * diagonal / size;
    double[] h = gram.quantized().clone();
    for (int i = 0; i < size; i++) {
      h[i * size + i] += damping;
    }
    double[] factor = h.clone();
    if (!(damping > 0) || !Cholesky.factor(factor, size)) {
      return Optional.empty();
    }
    int first = number * rows;
    float[] kernel = layer.weights().kernel().data();
    double[][] targets = new double[rows][size];
    IntStream.range(0, rows)
        .parallel()
        .forEach(r -> target(gram, damping, factor, kernel, (first + r) * size, targets[r]));
    return Optional.of(new Group(first, h, factor, targets));
  }

  /** T = W C H^-1 of one row, or W. With equal streams, C is H: both have the same damping. */
  private static void target(
      GramMatrix gram, double damping, double[] factor, float[] kernel, int at, double[] to) {
    int size = gram.size();
    for (int i = 0; i < size; i++) {
      to[i] = kernel[at + i];
    }
    if (!gram.fitsTarget()) {
      return;
    }
    double[] w = to.clone();
    for (int i = 0; i < size; i++) {
      to[i] *= damping;
    }
    for (int i = 0; i < size; i++) {
      for (int j = 0; w[i] != 0 && j < size; j++) {
        to[j] += w[i] * gram.mixed()[i * size + j];
      }
    }
    Cholesky.solve(factor, size, to);
  }

  private Result result() {
    double before = 0;
    double signal = 0;
    for (Group g : groups) {
      for (int r = 0; r < g.targets().length; r++) {
        int at = (g.first() + r) * size;
        int[] codes = Arrays.copyOfRange(nearest.codes(), at, at + size);
        before += error(g, r, nearest.paramsOf(at), codes);
        signal += energy(g.h(), g.targets()[r]);
      }
    }
    Row[] best = best();
    int[] codes = nearest.codes().clone();
    List<QuantParams> params = new ArrayList<>();
    double after = 0;
    for (int row = 0; row < rows; row++) {
      if (best[row] != null) {
        System.arraycopy(best[row].codes(), 0, codes, row * size, size);
        after += best[row].error();
      }
      params.add(best[row] != null ? best[row].params() : nearest.paramsOf(row * size));
    }
    return new Result(
        new QuantizedTensor(perRow() ? params : params.subList(0, 1), codes),
        signal > 0 ? before / signal : 0,
        signal > 0 ? after / signal : 0);
  }

  private boolean perRow() {
    return nearest.params().size() > 1;
  }

  /** The rows of the best range: each row's own, or one for all. */
  private Row[] best() {
    Row[] best = new Row[rows];
    double least = Double.POSITIVE_INFINITY;
    for (double share : RANGES) {
      Row[] tried = solved(given(share), Rounding.Method.SECOND_ORDER);
      double error = 0;
      for (int row = 0; row < rows; row++) {
        error += tried[row] == null ? 0 : tried[row].error();
        if (perRow()
            && tried[row] != null
            && (best[row] == null || tried[row].error() < best[row].error())) {
          best[row] = tried[row];
        }
      }
      if (!perRow() && error < least) {
        least = error;
        best = tried;
      }
    }
    if (method == Rounding.Method.SECOND_ORDER) {
      return best;
    }
    QuantParams[] params = given(1);
    for (int row = 0; row < rows; row++) {
      params[row] = best[row] == null ? params[row] : best[row].params();
    }
    return solved(params, method);
  }

  /** Parameters of all rows, with a share of their ranges. */
  private QuantParams[] given(double share) {
    QuantParams[] params = new QuantParams[rows];
    for (int row = 0; row < rows; row++) {
      params[row] = scaled(nearest.paramsOf(row * size), share);
    }
    return params;
  }

  /** All rows; null where there is nothing to choose. */
  private Row[] solved(QuantParams[] params, Rounding.Method by) {
    Row[] all = new Row[rows];
    for (Group g : groups) {
      int n = g.targets().length;
      QuantParams[] own = Arrays.copyOfRange(params, g.first(), g.first() + n);
      RowCodes solver =
          switch (by) {
            case SECOND_ORDER -> new SecondOrder(g.h(), g.factor(), size);
            case ADAROUND -> new AdaRound(g.h(), size);
          };
      int[][] codes = solver.solve(g.targets(), own);
      for (int r = 0; r < n; r++) {
        all[g.first() + r] = new Row(own[r], codes[r], error(g, r, own[r], codes[r]));
      }
    }
    return all;
  }

  private static QuantParams scaled(QuantParams p, double share) {
    float scale = (float) (p.scale() * share);
    return scale > 0 ? new QuantParams(scale, p.zeroPoint(), p.qmin(), p.qmax()) : p;
  }

  private static double error(Group g, int row, QuantParams params, int[] codes) {
    double[] e = new double[codes.length];
    for (int i = 0; i < e.length; i++) {
      e[i] = params.dequantize(codes[i]) - g.targets()[row][i];
    }
    return energy(g.h(), e);
  }

  /** e H e. */
  private static double energy(double[] h, double[] e) {
    double sum = 0;
    int n = e.length;
    for (int i = 0; i < n; i++) {
      double row = 0;
      for (int j = 0; j < n; j++) {
        row += h[i * n + j] * e[j];
      }
      sum += e[i] * row;
    }
    return sum;
  }
}
