package io.depthscope.plan;

import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.graph.draft.HandedOn;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.QuantizedTensor;
import io.depthscope.stats.ImageSums;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.NetworkAccumulator;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Everything a backend needs to run a network: for each layer its folded and its quantized weights,
 * how its output is quantized, and what to record. A plan is complete and immutable; two backends
 * that compile the same plan owe the same numbers.
 */
public final class Plan {
  private final Network network;
  private final List<Step> steps;
  private final Streams streams;
  private final Feed feed;
  private final Recording recording;
  private final float[][] inputTable;
  private final Part part;
  private final Plan whole;

  /**
   * The steps from..to-1 of a plan of the whole network.
   *
   * @param given nodes before {@code from} whose outputs are given, ascending; they stand in front
   *     of the steps, and nothing is recorded of them
   * @param outputs places in the plan whose outputs are handed out
   */
  private record Part(int from, int to, List<Integer> given, List<Integer> outputs) {}

  private Plan(
      Network network,
      List<Step> steps,
      Streams streams,
      Feed feed,
      Recording recording,
      float[][] inputTable,
      Part part,
      Plan whole) {
    this.network = network;
    this.steps = List.copyOf(steps);
    this.streams = streams;
    this.feed = feed;
    this.recording = recording;
    this.inputTable = inputTable;
    this.part = part;
    this.whole = whole == null ? this : whole;
    if (recording.errorTerms() && !streams.equals(Streams.QUANTIZATION)) {
      throw new IllegalArgumentException("no sources of the error of " + streams);
    }
    if (inputTable.length != inputShape().channels()) {
      throw new IllegalArgumentException(
          "normalization for "
              + inputTable.length
              + " channels, the network reads "
              + inputShape().channels());
    }
  }

  /**
   * A plan of the baseline alone, in float32.
   *
   * @param inputTable value of each of the 256 pixel codes, per channel
   */
  public static Plan fp32(Network network, float[][] inputTable, Recording recording) {
    if (recording.paired()) {
      throw new IllegalArgumentException("a candidate needs a spec");
    }
    return of(network, inputTable, QuantSpec.NONE, Feed.ACCUMULATED, recording);
  }

  /**
   * A plan of the network in float32, and of it quantized by a spec.
   *
   * @param inputTable value of each of the 256 pixel codes, per channel
   * @throws IllegalArgumentException if the spec names a node that is not there, or has codes for
   *     weights that it does not have
   */
  public static Plan of(
      Network network, float[][] inputTable, QuantSpec spec, Feed feed, Recording recording) {
    for (Node node : network.graph().nodes()) {
      Optional<QuantizedTensor> codes = spec.weights(node.name());
      int weights = node.op().hasWeights() ? network.weightsOf(node).kernel().data().length : 0;
      if (codes.isPresent() && codes.get().codes().length != weights) {
        throw new IllegalArgumentException(
            codes.get().codes().length
                + " codes for the "
                + weights
                + " weights of layer "
                + node.name());
      }
    }
    return of(network, inputTable, spec, QuantizedTensor::dequantized, feed, recording);
  }

  /**
   * A plan that stands for one of the same sizes where memory is counted, made without quantizing
   * weights; it has no codes, and must not be compiled.
   *
   * @param outputs parameters, of as many codes as there will be, of each output to be quantized
   * @param weights the same of each kernel
   */
  public static Plan ofSizes(
      Network network,
      float[][] inputTable,
      Map<String, QuantParams> outputs,
      Map<String, QuantParams> weights,
      Feed feed,
      Recording recording) {
    Map<String, QuantizedTensor> empty = new HashMap<>();
    weights.forEach((name, p) -> empty.put(name, new QuantizedTensor(List.of(p), new int[0])));
    QuantSpec spec = new QuantSpec(outputs, empty);
    return of(network, inputTable, spec, codes -> new float[0], feed, recording);
  }

  private static Plan of(
      Network network,
      float[][] inputTable,
      QuantSpec spec,
      Function<QuantizedTensor, float[]> values,
      Feed feed,
      Recording recording) {
    Graph graph = network.graph();
    List<Step> steps = new ArrayList<>();
    Set<String> unknown = new TreeSet<>(spec.outputs().keySet());
    unknown.addAll(spec.weights().keySet());
    for (int i = 0; i < graph.size(); i++) {
      Node node = graph.node(i);
      unknown.remove(node.name());
      boolean weighted = node.op().hasWeights();
      float[] kernel = weighted ? network.weightsOf(node).kernel().data() : new float[0];
      Optional<QuantizedTensor> codes = spec.weights(node.name());
      float[] quantized =
          codes.map(values).orElse(weighted ? network.quantizable(node).kernel().data() : kernel);
      float[] bias = weighted ? network.weightsOf(node).bias() : new float[0];
      if (node.op() instanceof Op.Rearrange r) {
        kernel = r.fill();
        quantized = HandedOn.fill(graph, spec, node, r);
      }
      steps.add(
          new Step(
              i,
              node,
              graph.inputShapes(i),
              graph.shape(i),
              kernel,
              quantized,
              codes,
              bias,
              weighted ? network.quantizable(node).bias() : bias,
              spec.output(node.name())));
    }
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException("no layer " + String.join(", ", unknown));
    }
    Part all = new Part(0, graph.size(), List.of(), graph.outputs());
    return new Plan(network, steps, Streams.QUANTIZATION, feed, recording, inputTable, all, null);
  }

  /** The same with another feed, and recording something else. */
  public Plan with(Feed otherFeed, Recording otherRecording) {
    Plan other = whole == this ? null : whole.with(otherFeed, otherRecording);
    return new Plan(network, steps, streams, otherFeed, otherRecording, inputTable, part, other);
  }

  /**
   * The same with other streams. A backend that lacks them says so when it compiles the plan.
   *
   * @throws IllegalArgumentException if the plan splits errors by their source, which is defined
   *     for {@link Streams#QUANTIZATION} alone
   */
  public Plan with(Streams otherStreams) {
    Plan other = whole == this ? null : whole.with(otherStreams);
    return new Plan(network, steps, otherStreams, feed, recording, inputTable, part, other);
  }

  /**
   * The candidate's stream alone, as the only one of a plan that records nothing; each layer reads
   * what the ones before it made.
   */
  public Plan alone() {
    Streams one = new Streams(streams.candidate(), streams.candidate());
    return with(Feed.ACCUMULATED, Recording.PLAIN).with(one);
  }

  /** True for a plan of one stream, and that simulated: a backend runs {@link Step#simulated}. */
  public boolean isSimulatedAlone() {
    return !recording.paired() && streams.baseline() == Arithmetic.SIMULATED;
  }

  /** How the candidate is quantized. */
  public QuantSpec spec() {
    Map<String, QuantParams> outputs = new HashMap<>();
    Map<String, QuantizedTensor> weights = new HashMap<>();
    for (Step l : whole.steps) {
      l.output().ifPresent(p -> outputs.put(l.node().name(), p));
      l.codes().ifPresent(c -> weights.put(l.node().name(), c));
    }
    return new QuantSpec(outputs, weights);
  }

  /**
   * The plan of {@link QuantSpec#only}: what is quantized of these nodes is quantized as here, and
   * nothing else. Weights are shared, not made again.
   *
   * @throws IllegalArgumentException if this is a part
   */
  public Plan only(Set<String> nodes) {
    if (whole != this) {
      throw new IllegalArgumentException("a part quantizes what its whole does");
    }
    Map<QuantizedTensor, float[]> values = new IdentityHashMap<>();
    steps.forEach(l -> l.codes().ifPresent(c -> values.put(c, l.quantizedKernel())));
    return of(network, inputTable, spec().only(nodes), values::get, feed, recording).with(streams);
  }

  /**
   * The steps from..to-1 alone. A program of them is given the outputs that {@link #aliveAt} names
   * for {@code from}, of both streams, and hands out those for {@code to}; at the end, the
   * network's outputs. Run one after the other, the parts of a plan give the bits of the whole.
   *
   * @throws IllegalArgumentException if there is no such step, or this is a part already
   */
  public Plan part(int from, int to) {
    int n = graph().size();
    if (from < 0 || from >= to || to > n || whole != this) {
      throw new IllegalArgumentException("no steps " + from + ".." + to + " of " + n);
    }
    List<Integer> given = aliveAt(from);
    List<Step> some = new ArrayList<>();
    int[] place = new int[n];
    for (int node : given) {
      Step l = steps.get(node);
      place[node] = some.size();
      some.add(l.given(some.size()));
    }
    for (Step l : steps.subList(from, to)) {
      place[l.index()] = some.size();
      some.add(l.moved(some.size(), l.node().inputs().stream().map(i -> place[i]).toList()));
    }
    List<Integer> kept = to == n ? graph().outputs() : aliveAt(to);
    List<Integer> outputs = kept.stream().map(i -> place[i]).toList();
    return new Plan(
        network,
        some,
        streams,
        feed,
        recording,
        inputTable,
        new Part(from, to, given, outputs),
        this);
  }

  /** Nodes before {@code node} whose outputs it or a later one reads, or the network hands out. */
  public List<Integer> aliveAt(int node) {
    Graph graph = graph();
    Set<Integer> alive = new TreeSet<>();
    for (Node reader : graph.nodes().subList(node, graph.size())) {
      alive.addAll(reader.inputs());
    }
    alive.addAll(graph.outputs());
    alive.removeIf(i -> i >= node);
    return List.copyOf(alive);
  }

  /** The plan that this is a part of; itself, if it is whole. */
  public Plan whole() {
    return whole;
  }

  /** Number of steps in front whose outputs are given, not computed; 0 for a whole plan. */
  public int given() {
    return part.given.size();
  }

  /** The node of the network that a step of this plan stands for. */
  public int nodeOf(int step) {
    return step < given() ? part.given.get(step) : part.from + step - given();
  }

  /** Places of the steps whose outputs are handed out. */
  public List<Integer> outputs() {
    return part.outputs;
  }

  /** Values of one image as a batch holds them: the image itself, or all given outputs. */
  public int inputSize() {
    return steps.subList(0, Math.max(1, given())).stream().mapToInt(l -> l.out().size()).sum();
  }

  public Network network() {
    return network;
  }

  public Graph graph() {
    return network.graph();
  }

  public List<Step> steps() {
    return steps;
  }

  public Step step(int node) {
    return steps.get(node);
  }

  public Streams streams() {
    return streams;
  }

  public Feed feed() {
    return feed;
  }

  public Recording recording() {
    return recording;
  }

  /** Value of each of the 256 pixel codes, per input channel. */
  public float[][] inputTable() {
    return inputTable;
  }

  public Shape inputShape() {
    return graph().inputShape();
  }

  /** Values of one image's outputs, one after the other. */
  public int outputSize() {
    return outputs().stream().mapToInt(i -> step(i).out().size()).sum();
  }

  /** Empty statistics of the shape this plan records; of no channels for given outputs. */
  public NetworkAccumulator newAccumulator() {
    List<LayerAccumulator> list = new ArrayList<>();
    for (Step l : steps) {
      int codes = l.output(streams.candidate()).map(QuantParams::codes).orElse(0);
      int channels = l.index() < given() ? 0 : l.out().channels();
      list.add(new LayerAccumulator(channels, codes, recording.errorTerms()));
    }
    return new NetworkAccumulator(list, recording.paired());
  }

  /** Empty sums of one image, one entry a node. */
  public List<ImageSums> newImageSums() {
    List<ImageSums> list = new ArrayList<>();
    for (Step l : steps) {
      list.add(new ImageSums(l.out().channels(), l.out().positions(), recording.errorTerms()));
    }
    return List.copyOf(list);
  }
}
