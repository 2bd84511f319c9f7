package io.depthscope.graph;

import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;

/**
 * What a node computes, without the clamp that may follow it, and all that is true of it on any
 * backend. What a layer's weights are called in a file is no concern of it; see {@code
 * io.depthscope.graph.exchange}.
 *
 * <p>Wherever a method takes the shapes of the inputs, there are {@link #arity} of them.
 */
public sealed interface Op
    permits Op.Input,
        Op.Convolution,
        Op.Pool,
        Op.Elementwise,
        Op.Unary,
        Op.Concat,
        Op.Rearrange,
        Op.Resize,
        Op.LeakyRelu,
        Op.LocalResponse,
        LayerNorm {

  /** Number of inputs. */
  default int arity() {
    return 1;
  }

  /**
   * Shape of the output.
   *
   * @throws IllegalArgumentException if the inputs do not fit
   */
  Shape outputShape(List<Shape> inputs);

  /** True for operations with a kernel and a bias. */
  default boolean hasWeights() {
    return false;
  }

  /** Extents of the kernel, [O, KH, KW, I / groups]; empty without weights. */
  default int[] kernelDims(List<Shape> inputs) {
    return new int[0];
  }

  /** Number of kernel elements; 0 without weights. */
  default long kernelSize(List<Shape> inputs) {
    return hasWeights() ? FloatTensor.elements(kernelDims(inputs)) : 0;
  }

  /** Multiply-accumulates with weights for one image: every one is used at every position. */
  default long macs(List<Shape> inputs) {
    return kernelSize(inputs) * outputShape(inputs).positions();
  }

  /** True if a clamp may be fused into it. */
  default boolean takesClamp() {
    return false;
  }

  /** True for operations whose output numerics.md quantizes by default. */
  boolean quantizesOutput();

  /** The word for it in tables and files. */
  String word(List<Shape> inputs);

  /** The part it plays in a network, by which layers are counted, averaged and drawn. */
  default Role role(List<Shape> inputs) {
    return quantizesOutput() ? Role.COMPUTED : Role.PASSED;
  }

  /** The parts that operations play. */
  enum Role {
    INPUT,
    DEPTHWISE,
    POINTWISE,
    /** Any other convolution. */
    CONVOLUTION,
    FULLY_CONNECTED,
    /** Has no weights and yields values of its own, such as a sum. */
    COMPUTED,
    /** Hands values on, moved, joined, picked or averaged. */
    PASSED;

    /** The word in files. */
    public String word() {
      return lower(this);
    }

    /**
     * The role of a word.
     *
     * @throws IllegalArgumentException for any other
     */
    public static Role named(String word) {
      for (Role r : values()) {
        if (r.word().equals(word)) {
          return r;
        }
      }
      throw new IllegalArgumentException("the unknown role '" + word + "'");
    }
  }

  /** The network's input, always node 0. */
  record Input(Shape shape) implements Op {
    @Override
    public int arity() {
      return 0;
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
      return shape;
    }

    @Override
    public boolean quantizesOutput() {
      return true;
    }

    @Override
    public String word(List<Shape> inputs) {
      return "input";
    }

    @Override
    public Role role(List<Shape> inputs) {
      return Role.INPUT;
    }
  }

  /**
   * Convolution. Output channel o reads the input channels of its group, {@code o / (outChannels /
   * groups)}. Depthwise is a group for each input channel, with any number of outputs a channel;
   * pointwise is the 1x1 window; fully connected is the 1x1 window on a 1x1 map.
   */
  record Convolution(Window window, int groups, int outChannels) implements Op {

    /**
     * @throws IllegalArgumentException if there is no group, or the groups do not divide the output
     *     channels
     */
    public Convolution {
      if (groups < 1 || outChannels % groups != 0) {
        throw new IllegalArgumentException(
            groups + " groups do not divide " + outChannels + " output channels");
      }
    }

    /** Every output reads every channel. */
    public static Convolution dense(Window window, int outChannels) {
      return new Convolution(window, 1, outChannels);
    }

    /** One output for each of the channels. */
    public static Convolution depthwise(Window window, int channels) {
      return new Convolution(window, channels, channels);
    }

    /** A 1x1 window; on a 1x1 map, a fully connected layer. */
    public static Convolution pointwise(int outChannels) {
      return dense(Window.POINTWISE, outChannels);
    }

    /**
     * First input channel that an output reads.
     *
     * @param depth input channels of a group
     */
    public int firstInput(int output, int depth) {
      return output / (outChannels / groups) * depth;
    }

    /** True if each output reads one of several channels of the input. */
    public boolean isDepthwise(Shape in) {
      return groups > 1 && groups == in.channels();
    }

    /** True if it is depthwise with one output for each channel. */
    public boolean isByChannel(Shape in) {
      return isDepthwise(in) && outChannels == in.channels();
    }

    /** True if it is one matrix product over the positions. */
    public boolean isPointwise() {
      return groups == 1 && window.isPointwise();
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
      Shape in = inputs.getFirst();
      if (in.channels() % groups != 0) {
        throw new IllegalArgumentException(
            groups + " groups do not divide " + in.channels() + " input channels");
      }
      return window.output(in, outChannels);
    }

    @Override
    public boolean hasWeights() {
      return true;
    }

    @Override
    public int[] kernelDims(List<Shape> inputs) {
      int depth = inputs.getFirst().channels() / groups;
      return new int[] {outChannels, window.kernelH(), window.kernelW(), depth};
    }

    @Override
    public boolean takesClamp() {
      return true;
    }

    @Override
    public boolean quantizesOutput() {
      return true;
    }

    @Override
    public String word(List<Shape> inputs) {
      Role role = role(inputs);
      return role == Role.CONVOLUTION ? "conv" : role.word();
    }

    @Override
    public Role role(List<Shape> inputs) {
      Shape in = inputs.getFirst();
      if (isDepthwise(in)) {
        return Role.DEPTHWISE;
      }
      if (!isPointwise()) {
        return Role.CONVOLUTION;
      }
      return in.positions() == 1 ? Role.FULLY_CONNECTED : Role.POINTWISE;
    }
  }

  /**
   * Mean or maximum over a window of each channel. Padded positions do not take part: they count
   * neither in a mean's sum nor in its divisor.
   *
   * @param window empty for all positions of the input, whose output is 1x1xC
   */
  record Pool(Kind kind, Optional<Window> window) implements Op {

    /** What is taken of a window. */
    public enum Kind {
      AVERAGE,
      MAX
    }

    public static Pool of(Kind kind, Window window) {
      return new Pool(kind, Optional.of(window));
    }

    /** Mean over all positions of each channel. */
    public static Pool globalAverage() {
      return new Pool(Kind.AVERAGE, Optional.empty());
    }

    /** The window on an input of this shape. */
    public Window windowOn(Shape in) {
      return window.orElseGet(() -> Window.global(in));
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
      Shape in = inputs.getFirst();
      Shape out = windowOn(in).output(in, in.channels());
      if (!windowOn(in).alwaysMeets(in)) {
        throw new IllegalArgumentException("a pooling window would hold nothing but padding");
      }
      return out;
    }

    @Override
    public boolean quantizesOutput() {
      return false;
    }

    @Override
    public String word(List<Shape> inputs) {
      return (window.isEmpty() ? "global-" : "") + lower(kind) + "-pool";
    }
  }

  /** Two inputs combined value by value; either may be 1x1xC, and then stands for all positions. */
  record Elementwise(Function function) implements Op {

    /** What two values become. */
    public enum Function {
      /** a + b. */
      ADD("residual-add"),
      /** a * b. */
      MUL("multiply"),
      /** a - b. */
      SUB("subtract");

      private final String word;

      Function(String word) {
        this.word = word;
      }

      /** The word in tables, files and kernel names. */
      public String word() {
        return word;
      }

      /** The result, rounded once. */
      public float of(float a, float b) {
        return switch (this) {
          case ADD -> a + b;
          case MUL -> a * b;
          case SUB -> a - b;
        };
      }
    }

    @Override
    public int arity() {
      return 2;
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
      Shape a = inputs.get(0);
      Shape b = inputs.get(1);
      boolean broadcast =
          a.channels() == b.channels() && (a.positions() == 1 || b.positions() == 1);
      if (!a.equals(b) && !broadcast) {
        String verb = function == Function.MUL ? "multiply " : lower(function) + " ";
        throw new IllegalArgumentException("cannot " + verb + a + " and " + b);
      }
      return a.positions() == 1 ? b : a;
    }

    @Override
    public boolean takesClamp() {
      return true;
    }

    @Override
    public boolean quantizesOutput() {
      return true;
    }

    @Override
    public String word(List<Shape> inputs) {
      return function.word;
    }
  }

  /** A function of each value that is no clamp, and so cannot be fused into the layer before. */
  record Unary(Function function) implements Op {

    /** The functions; each is computed in double and rounded once. */
    public enum Function {
      /** 1 / (1 + exp(-x)). */
      SIGMOID(Formulas::sigmoid),
      /** Hyperbolic tangent. */
      TANH(StrictMath::tanh),
      /** x clamp(x + 3, 0, 6) / 6. */
      HARD_SWISH(Formulas::hardSwish),
      /** x / (1 + exp(-x)). */
      SILU(Formulas::silu),
      /** x (1 + erf(x / sqrt(2))) / 2. */
      GELU(Formulas::gelu),
      /** x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. */
      GELU_TANH(Formulas::geluTanh),
      /** x tanh(log(1 + exp(x))). */
      MISH(Formulas::mish),
      /** log(1 + exp(x)). */
      SOFTPLUS(Formulas::softplus),
      /** exp(x) - 1 below 0, x from there on. */
      ELU(Formulas::elu),
      /** The error function. */
      ERF(ErrorFunction::of),
      /** |x|. */
      ABS(Math::abs),
      /** e to the x. */
      EXP(StrictMath::exp),
      /** The square root; NaN below 0. */
      SQRT(Math::sqrt);

      private final DoubleUnaryOperator formula;

      Function(DoubleUnaryOperator formula) {
        this.formula = formula;
      }

      /** Value of the function; NaN for NaN. */
      public double of(double x) {
        return formula.applyAsDouble(x);
      }

      /** The word in tables, files and kernel names. */
      public String word() {
        return lower(this);
      }
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
      return inputs.getFirst();
    }

    @Override
    public boolean quantizesOutput() {
      return true;
    }

    @Override
    public String word(List<Shape> inputs) {
      return function.word();
    }
  }

  /** The channels of several inputs of one height and width, one after the other. */
  record Concat(int arity) implements Op {

    /**
     * @throws IllegalArgumentException if there are fewer than two inputs
     */
    public Concat {
      if (arity < 2) {
        throw new IllegalArgumentException("a concatenation of fewer than two inputs");
      }
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
      Shape first = inputs.getFirst();
      int channels = 0;
      for (Shape in : inputs) {
        if (in.height() != first.height() || in.width() != first.width()) {
          throw new IllegalArgumentException("cannot concatenate " + first + " and " + in);
        }
        channels = Math.addExact(channels, in.channels());
      }
      return new Shape(first.height(), first.width(), channels);
    }

    /** Its inputs may have different scales, and a device stores its output in one. */
    @Override
    public boolean quantizesOutput() {
      return true;
    }

    @Override
    public Role role(List<Shape> inputs) {
      return Role.PASSED;
    }

    @Override
    public String word(List<Shape> inputs) {
      return "concat";
    }
  }

  /**
   * Values of the input at other places, or constants: shuffled channels, depth to space, a part,
   * padding, zeros in between, another order. It computes nothing, so it hands on codes as they
   * are; a constant is quantized like the values around it.
   *
   * @param source for each value of the output, NHWC, the place of the input's value that it is, or
   *     negative for a constant
   * @param fill the constant, one for the tensor or one a channel of the output
   * @param word for it in tables and files, such as {@code slice}
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by content, never written
  record Rearrange(Shape input, Shape output, int[] source, float[] fill, String word)
      implements Op {

    /** Most values of the output. */
    public static final int MOST_VALUES = 1 << 24;

    /**
     * @throws IllegalArgumentException if a source is no place of the input, or the parts do not
     *     fit each other
     */
    public Rearrange {
      if (source.length != output.size() || source.length > MOST_VALUES) {
        throw new IllegalArgumentException(
            source.length + " sources for " + output + ", of at most " + MOST_VALUES);
      }
      if (fill.length != 1 && fill.length != output.channels()) {
        throw new IllegalArgumentException(
            "constants for " + fill.length + " channels on " + output.channels());
      }
      for (int from : source) {
        if (from >= input.size()) {
          throw new IllegalArgumentException("no value " + from + " in " + input);
        }
      }
      if (!word.matches("[a-z][a-z-]*")) {
        throw new IllegalArgumentException("'" + word + "' is no word for an operation");
      }
    }

    /** Every value where it is, to be rounded to codes. */
    public static Rearrange round(Shape shape) {
      int[] source = new int[shape.size()];
      Arrays.setAll(source, i -> i);
      return new Rearrange(shape, shape, source, new float[1], "round");
    }

    /** The sources where positions of the input lie a number of values apart; -1 for a constant. */
    public int[] places(int apart) {
      int[] places = new int[source.length];
      for (int i = 0; i < places.length; i++) {
        int from = source[i];
        places[i] = from < 0 ? -1 : from / input.channels() * apart + from % input.channels();
      }
      return places;
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
      if (!input.equals(inputs.getFirst())) {
        throw new IllegalArgumentException(
            word + " of " + input + " on an input of " + inputs.getFirst());
      }
      return output;
    }

    @Override
    public boolean quantizesOutput() {
      return false;
    }

    @Override
    public String word(List<Shape> inputs) {
      return word;
    }

    @Override
    public boolean equals(Object o) {
      return o instanceof Rearrange r
          && input.equals(r.input)
          && output.equals(r.output)
          && Arrays.equals(source, r.source)
          && Arrays.equals(fill, r.fill)
          && word.equals(r.word);
    }

    @Override
    public int hashCode() {
      return 31 * Arrays.hashCode(source) + Arrays.hashCode(fill);
    }

    @Override
    public String toString() {
      return word + " of " + input + " to " + output;
    }
  }

  /**
   * Bilinear interpolation between the positions of each channel; beyond the first and the last
   * position the input goes on as it ends. A mean of the values around, so it hands on the input's
   * scale, like a pool.
   */
  record Resize(int height, int width, Sampling rows, Sampling columns) implements Op {
    /**
     * @throws IllegalArgumentException if an extent is not positive
     */
    public Resize {
      if (height < 1 || width < 1) {
        throw new IllegalArgumentException("cannot resize to " + height + "x" + width);
      }
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
      return new Shape(height, width, inputs.getFirst().channels());
    }

    @Override
    public boolean quantizesOutput() {
      return false;
    }

    @Override
    public String word(List<Shape> inputs) {
      return "resize-bilinear";
    }
  }

  /**
   * Values below 0 times a slope, others as they are.
   *
   * @param slope one for the tensor or one a channel
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by content, never written
  record LeakyRelu(float[] slope) implements Op {
    /**
     * @throws IllegalArgumentException if there is no slope, or one is not finite
     */
    public LeakyRelu {
      if (slope.length == 0) {
        throw new IllegalArgumentException("no slope");
      }
      for (float s : slope) {
        if (!Float.isFinite(s)) {
          throw new IllegalArgumentException("a slope of " + s);
        }
      }
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
      Shape in = inputs.getFirst();
      if (slope.length != 1 && slope.length != in.channels()) {
        throw new IllegalArgumentException(
            "slopes of " + slope.length + " channels on " + in.channels());
      }
      return in;
    }

    @Override
    public boolean quantizesOutput() {
      return true;
    }

    @Override
    public String word(List<Shape> inputs) {
      return "leaky-relu";
    }

    /** What a value of a channel becomes; never -0 by a slope of 0. */
    public float of(float x, int channel) {
      return x < 0 ? x * FloatTensor.ofChannel(slope, channel) + 0f : x;
    }

    @Override
    public boolean equals(Object o) {
      return o instanceof LeakyRelu l && Arrays.equals(slope, l.slope);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(slope);
    }

    @Override
    public String toString() {
      return "LeakyRelu" + Arrays.toString(slope);
    }
  }

  /**
   * Each value over a power of what its neighbours among the channels of its position amount to: x
   * / (bias + alpha / size * sum of their squares)^beta, its own among them. Of an even number of
   * neighbours one more lies behind than before; what lies beyond the channels is 0.
   */
  record LocalResponse(int size, float alpha, float beta, float bias) implements Op {
    /**
     * @throws IllegalArgumentException if what is divided by might be 0 or negative
     */
    public LocalResponse {
      boolean positive = size > 0 && alpha >= 0 && beta > 0 && bias > 0;
      if (!positive || !Float.isFinite(alpha) || !Float.isFinite(beta) || !Float.isFinite(bias)) {
        throw new IllegalArgumentException(
            "a response of size "
                + size
                + ", alpha "
                + alpha
                + ", beta "
                + beta
                + ", bias "
                + bias);
      }
    }

    /** First channel that counts for one. */
    public int first(int channel) {
      return Math.max(0, channel - (size - 1) / 2);
    }

    /** The channel behind the last that counts for one. */
    public int end(int channel, int channels) {
      return (int) Math.min(channels, channel + 1L + size / 2);
    }

    /** What a value becomes, given the sum of the squares. */
    public float of(float x, double squares) {
      return (float) (x / StrictMath.pow(bias + (double) alpha / size * squares, beta));
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
      return inputs.getFirst();
    }

    @Override
    public boolean quantizesOutput() {
      return true;
    }

    @Override
    public String word(List<Shape> inputs) {
      return "local-response";
    }
  }

  private static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
