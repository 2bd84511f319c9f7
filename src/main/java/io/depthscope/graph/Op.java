package io.depthscope.graph;

import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What a node computes, without the clamp that may follow it, and all that is true of it on any
 * backend. What a layer's weights are called in a file is no concern of it; see {@code
 * io.depthscope.graph.exchange}.
 *
 * <p>Wherever a method takes the shapes of the inputs, there are {@link #arity} of them.
 */
public sealed interface Op {

  /** Number of inputs. */
  int arity();

  /**
   * Shape of the output.
   *
   * @throws IllegalArgumentException if the inputs do not fit
   */
  Shape outputShape(List<Shape> inputs);

  /** True for operations with a kernel and a bias. */
  boolean hasWeights();

  /** Extents of the kernel, [O, KH, KW, I / groups]; empty without weights. */
  int[] kernelDims(List<Shape> inputs);

  /** Number of kernel elements; 0 without weights. */
  default long kernelSize(List<Shape> inputs) {
    return hasWeights() ? FloatTensor.elements(kernelDims(inputs)) : 0;
  }

  /** Multiply-accumulates with weights for one image: every one is used at every position. */
  default long macs(List<Shape> inputs) {
    return kernelSize(inputs) * outputShape(inputs).positions();
  }

  /** True if a clamp may be fused into it. */
  boolean takesClamp();

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
    /** Hands values on, moved, picked or averaged. */
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
    public boolean hasWeights() {
      return false;
    }

    @Override
    public int[] kernelDims(List<Shape> inputs) {
      return new int[0];
    }

    @Override
    public boolean takesClamp() {
      return false;
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
    public int arity() {
      return 1;
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
    public int arity() {
      return 1;
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
    public boolean hasWeights() {
      return false;
    }

    @Override
    public int[] kernelDims(List<Shape> inputs) {
      return new int[0];
    }

    @Override
    public boolean takesClamp() {
      return false;
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
    public boolean hasWeights() {
      return false;
    }

    @Override
    public int[] kernelDims(List<Shape> inputs) {
      return new int[0];
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
      SIGMOID {
        @Override
        public double of(double x) {
          return 1 / (1 + StrictMath.exp(-x));
        }
      },
      /** Hyperbolic tangent. */
      TANH {
        @Override
        public double of(double x) {
          return StrictMath.tanh(x);
        }
      },
      /**
       * x clamp(x + 3, 0, 6) / 6: the sum, the clamp, the product and then the quotient, in double,
       * rounded to float32 once at the end. Hence finite for every finite x, and NaN for -infinity.
       */
      HARD_SWISH {
        @Override
        public double of(double x) {
          return x * Math.clamp(x + 3, 0.0, 6.0) / 6;
        }
      };

      /** Value of the function; NaN for NaN. */
      public abstract double of(double x);

      /** The word in tables, files and kernel names. */
      public String word() {
        return lower(this);
      }
    }

    @Override
    public int arity() {
      return 1;
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
      return inputs.getFirst();
    }

    @Override
    public boolean hasWeights() {
      return false;
    }

    @Override
    public int[] kernelDims(List<Shape> inputs) {
      return new int[0];
    }

    @Override
    public boolean takesClamp() {
      return false;
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

    @Override
    public boolean hasWeights() {
      return false;
    }

    @Override
    public int[] kernelDims(List<Shape> inputs) {
      return new int[0];
    }

    @Override
    public boolean takesClamp() {
      return false;
    }

    @Override
    public boolean quantizesOutput() {
      return false;
    }

    @Override
    public String word(List<Shape> inputs) {
      return "concat";
    }
  }

  private static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
