package io.depthscope.verification;

import io.depthscope.backend.Backend;
import io.depthscope.backend.InputBatch;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Graph;
import io.depthscope.graph.LayerNorm;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.graph.Window;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantScheme;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One layer: what is checked against the oracle and what is timed. {@link LayerLine} prints it as
 * the line of a shape file and reads it back equal.
 *
 * @param inputs shapes of its inputs; none for the network's input
 */
public record LayerCase(String name, Op op, List<Shape> inputs, Clamp clamp) {

  /**
   * @throws IllegalArgumentException if the name has white space or starts with #, the inputs or
   *     the clamp do not fit the operation, or {@link #graph} cannot make its inputs
   */
  public LayerCase {
    inputs = List.copyOf(inputs);
    if (!name.matches("[^\\s#]\\S*")) {
      throw new IllegalArgumentException("'" + name + "' is no name of a layer");
    }
    graph(name, op, inputs, clamp);
  }

  /** A layer of a graph. */
  public static LayerCase of(Graph graph, int node) {
    Node n = graph.node(node);
    return new LayerCase(n.name(), n.op(), graph.inputShapes(node), n.clamp());
  }

  /** Shape of the first input; for the network's input, its own. */
  public Shape in() {
    return inputs.isEmpty() ? out() : inputs.getFirst();
  }

  public Shape out() {
    return op.outputShape(inputs);
  }

  /** The word for it in tables and files. */
  public String word() {
    return op.word(inputs);
  }

  /** The layer under another clamp. */
  public LayerCase clamped(Clamp other) {
    return new LayerCase(name, op, inputs, other);
  }

  /**
   * The same operation on an input of another size, without a clamp for each channel. Inputs that
   * are alike stay so, one of a single position stays one, and one of a multiple of the channels.
   *
   * @param in shape of the first of the largest inputs
   * @param outChannels output channels of a dense convolution; of no meaning to others
   * @throws IllegalArgumentException if the operation does not fit it
   */
  public LayerCase resized(Shape in, int outChannels) {
    Op other =
        switch (op) {
          case Op.Input ignored -> new Op.Input(in);
          case Op.Convolution c when c.isDepthwise(in()) ->
              new Op.Convolution(
                  c.window(), in.channels(), in.channels() * (c.outChannels() / c.groups()));
          case Op.Convolution c -> new Op.Convolution(c.window(), c.groups(), outChannels);
          case Op.LeakyRelu l -> new Op.LeakyRelu(fitting(l.slope(), in.channels()));
          case LayerNorm n ->
              new LayerNorm(
                  n.epsilon(),
                  fitting(n.scale(), in.channels()),
                  fitting(n.shift(), in.channels()));
          case Op.Rearrange r -> resized(r, in);
          default -> op;
        };
    List<Shape> others = new ArrayList<>();
    if (!inputs.isEmpty()) {
      Shape source = inputs.get(source(inputs));
      for (Shape s : inputs) {
        int channels = in.channels() * s.channels() / source.channels();
        boolean one = s.positions() == 1 && source.positions() > 1;
        others.add(one ? new Shape(1, 1, channels) : new Shape(in.height(), in.width(), channels));
      }
    }
    return new LayerCase(name, other, others, clamp.isPerChannel() ? Clamp.NONE : clamp);
  }

  /**
   * Something like it for another input: the same places modulo its size, each later row further.
   */
  private static Op resized(Op.Rearrange r, Shape in) {
    Shape was = r.input();
    Shape out =
        new Shape(
            Math.ceilDiv(r.output().height() * in.height(), was.height()),
            Math.ceilDiv(r.output().width() * in.width(), was.width()),
            Math.ceilDiv(r.output().channels() * in.channels(), was.channels()));
    int[] source = new int[out.size()];
    for (int i = 0; i < source.length; i++) {
      int from = r.source()[i % r.source().length];
      source[i] = from < 0 ? -1 : (int) ((from + (long) i / r.source().length) % in.size());
    }
    float[] fill = fitting(r.fill(), out.channels());
    return new Op.Rearrange(in, out, source, fill, r.word());
  }

  /** One value for the tensor, or values over and over until there is one a channel. */
  private static float[] fitting(float[] values, int n) {
    if (values.length == 1) {
      return values;
    }
    float[] out = new float[n];
    for (int i = 0; i < n; i++) {
      out[i] = values[i % values.length];
    }
    return out;
  }

  /**
   * A network that ends in this layer. Its own input is the layer's largest one; what the others
   * are made of it, every backend computes to the same bits: one product a value, a maximum, or a
   * concatenation.
   */
  public Graph graph() {
    return graph(name, op, inputs, clamp);
  }

  private static Graph graph(String name, Op op, List<Shape> inputs, Clamp clamp) {
    if (op.arity() != inputs.size()) {
      throw new IllegalArgumentException(inputs.size() + " inputs, expected " + op.arity());
    }
    if (inputs.isEmpty()) {
      return new Graph(name, List.of(new Node(name, op, clamp, List.of())));
    }
    int source = source(inputs);
    List<Node> nodes = new ArrayList<>();
    nodes.add(new Node("input", new Op.Input(inputs.get(source)), List.of()));
    List<Integer> read = new ArrayList<>();
    for (int i = 0; i < inputs.size(); i++) {
      if (i == source) {
        read.add(0);
      } else {
        read.add(nodes.size());
        nodes.add(made("input" + (i + 1), inputs.get(source), inputs.get(i)));
      }
    }
    nodes.add(new Node(name, op, clamp, read));
    return new Graph(name, nodes);
  }

  /**
   * The layer in a network with random weights, quantized at random, on random values; of the
   * network's input alone, some cases are of pixels.
   */
  public PlanCase planCase(long seed, int images) {
    Draw draw = new Draw(seed);
    Network network = network(draw);
    boolean pixels = inputs.isEmpty() && draw.random().nextBoolean();
    Shape in = network.graph().inputShape();
    InputBatch batch = pixels ? draw.pixels(in, images) : values(draw, in, images);
    return Draw.planCase(text(seed), network, batch, draw.quantization());
  }

  /** Random values, positive where the operation makes NaN of others. */
  private InputBatch values(Draw draw, Shape in, int images) {
    InputBatch batch = draw.values(in, images);
    if (op instanceof Op.Unary u && Double.isNaN(u.function().of(-1))) {
      for (int i = 0; i < batch.values().length; i++) {
        batch.values()[i] = Math.abs(batch.values()[i]);
      }
    }
    return batch;
  }

  /** The same on as many images as show what one leaves for the next. */
  public PlanCase planCase(long seed) {
    return planCase(seed, 3);
  }

  /** The layer quantized in a given way, on random pixels. */
  public PlanCase planCase(QuantScheme scheme, long seed, int images) {
    Draw draw = new Draw(seed);
    Network network = network(draw);
    InputBatch batch = draw.pixels(network.graph().inputShape(), images);
    Draw.Quantization quantization = new Draw.Quantization(scheme, Feed.ACCUMULATED, 1, false);
    return Draw.planCase(text(seed), network, batch, quantization);
  }

  /** True if a backend has the operation. */
  public boolean runsOn(Backend backend) {
    Network network = network(0);
    float[][] table = new float[network.graph().inputShape().channels()][256];
    return PlanCase.has(backend, Plan.fp32(network, table, Recording.PLAIN));
  }

  private String text(long seed) {
    return "layer '" + this + "' seed " + seed;
  }

  /** The layer's network with random weights. */
  public Network network(long seed) {
    return network(new Draw(seed));
  }

  private Network network(Draw draw) {
    Graph graph = graph();
    int last = graph.size() - 1;
    Map<String, FoldedWeights> weights = new LinkedHashMap<>();
    for (int i = 0; i <= last; i++) {
      if (graph.node(i).op().hasWeights()) {
        FoldedWeights w =
            i == last ? draw.weights(graph.kernelDims(i)) : draw.factors(graph.channels(i));
        weights.put(graph.node(i).name(), w);
      }
    }
    return Network.of(graph, weights);
  }

  /** The input with most positions; of those, the one with fewest channels. */
  private static int source(List<Shape> inputs) {
    Comparator<Shape> order =
        Comparator.comparingInt(Shape::positions)
            .reversed()
            .thenComparing(Comparator.comparingInt(Shape::channels));
    return inputs.indexOf(inputs.stream().min(order).orElseThrow());
  }

  private static Node made(String name, Shape from, Shape wanted) {
    Op op;
    if (wanted.equals(from)) {
      op = Op.Convolution.depthwise(Window.POINTWISE, from.channels());
    } else if (wanted.equals(new Shape(1, 1, from.channels()))) {
      op = Op.Pool.of(Op.Pool.Kind.MAX, Window.global(from));
    } else if (wanted.positions() == from.positions()
        && wanted.height() == from.height()
        && wanted.channels() % from.channels() == 0) {
      int times = wanted.channels() / from.channels();
      return new Node(name, new Op.Concat(times), Collections.nCopies(times, 0));
    } else {
      throw new IllegalArgumentException("no input of " + wanted + " is made of one of " + from);
    }
    return new Node(name, op, List.of(0));
  }

  /** The line of a shape file. */
  @Override
  public String toString() {
    return LayerLine.of(this);
  }
}
