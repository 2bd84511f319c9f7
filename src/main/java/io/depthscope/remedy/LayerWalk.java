package io.depthscope.remedy;

import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.QuantizedTensor;
import io.depthscope.tensor.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Goes through a network layer by layer, with the tensors of all calibration images of both streams
 * at hand: what is changed in a layer is there when the next ones are looked at. The cost is one
 * pass of the network.
 */
final class LayerWalk {
  private final CalibrationImages images;
  private final List<InputBatch> batches;
  private Network network;
  private QuantSpec spec;

  /**
   * What a layer reads, of some images.
   *
   * @param values image after image, each {@code stride} values after the one before
   * @param at where the first begins
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared, never written
  record Inputs(int images, float[] values, int at, int stride) {}

  /**
   * A layer with weights.
   *
   * @param in shape of what it reads
   * @param x what the float32 network gives it, batch after batch
   * @param xq the same of the quantized one, as it has been changed so far
   * @param codes of its weights; empty where they stay in float32
   */
  record Layer(
      Node node,
      Shape in,
      Shape out,
      FoldedWeights weights,
      Optional<QuantizedTensor> codes,
      List<Inputs> x,
      List<Inputs> xq) {

    /** The weights of the quantized network. */
    float[] quantized() {
      return codes.map(QuantizedTensor::dequantized).orElse(weights.kernel().data());
    }
  }

  /** What becomes of the quantized form of a layer; empty codes: they stay. */
  record Change(Optional<QuantizedTensor> codes, float[] bias) {}

  /** Looks at each layer in turn. */
  interface Visitor {
    Change at(Layer layer) throws IOException;
  }

  LayerWalk(Mending mending, CalibrationImages images) {
    this.network = mending.network();
    this.spec = mending.spec();
    this.images = images.first(mostImages(network, images.room()));
    this.batches = new ArrayList<>(this.images.batches());
  }

  /** How many images fit: of each, both streams of all tensors between two layers are held. */
  private static int mostImages(Network network, long room) {
    Plan plan =
        Plan.fp32(
            network, new float[network.graph().inputShape().channels()][256], Recording.PLAIN);
    long most = 1;
    for (int i = 1; i < network.graph().size(); i++) {
      long held = 0;
      for (int alive : plan.aliveAt(i)) {
        held += network.graph().shape(alive).size();
      }
      most = Math.max(most, held);
    }
    return (int) Math.max(1, Math.min(Integer.MAX_VALUE, room / (2L * Float.BYTES * most)));
  }

  /** Images that are walked with: all, unless memory is short. */
  int count() {
    return images.count();
  }

  /** Walks from the first layer to the last, and returns what the network has become. */
  Mending walk(Mending mending, Visitor visitor) throws IOException {
    Graph graph = network.graph();
    List<Integer> weighted = new ArrayList<>();
    for (int i = 0; i < graph.size(); i++) {
      if (graph.node(i).op().hasWeights()) {
        weighted.add(i);
      }
    }
    for (int k = 0; k < weighted.size(); k++) {
      int node = weighted.get(k);
      advance(k == 0 ? 0 : weighted.get(k - 1), node);
      images.requireGoing();
      Change change = visitor.at(layer(node));
      String name = graph.node(node).name();
      FoldedWeights w = network.quantizable(graph.node(node));
      network = network.withMended(Map.of(name, new FoldedWeights(w.kernel(), change.bias())));
      if (change.codes().isPresent()) {
        Map<String, QuantizedTensor> codes = new HashMap<>(spec.weights());
        codes.put(name, change.codes().get());
        spec = new QuantSpec(spec.outputs(), codes);
      }
    }
    return mending.with(network, spec);
  }

  /** Runs the nodes from..to-1 on what stands before them. */
  private void advance(int from, int to) throws IOException {
    Plan part =
        Plan.of(network, images.table(), spec, Feed.ACCUMULATED, Recording.PAIRED).part(from, to);
    try (Program program = images.backend().compile(part, images.batch())) {
      for (int b = 0; b < batches.size(); b++) {
        images.requireGoing();
        int[] indices = batches.get(b).indices();
        BatchOutput out = Program.await(program.submit(batches.get(b)));
        batches.set(b, InputBatch.continued(out, indices));
      }
    }
  }

  private Layer layer(int node) {
    Graph graph = network.graph();
    Node n = graph.node(node);
    int input = n.inputs().getFirst();
    Plan plan = Plan.fp32(network, images.table(), Recording.PLAIN);
    int stride = 0;
    int at = 0;
    for (int alive : plan.aliveAt(node)) {
      if (alive == input) {
        at = stride;
      }
      stride += graph.shape(alive).size();
    }
    List<Inputs> x = new ArrayList<>();
    List<Inputs> xq = new ArrayList<>();
    for (InputBatch b : batches) {
      x.add(new Inputs(b.count(), b.values(), at, stride));
      xq.add(new Inputs(b.count(), b.candidate(), at, stride));
    }
    return new Layer(
        n,
        graph.shape(input),
        graph.shape(node),
        network.weightsOf(n),
        spec.weights(n.name()),
        x,
        xq);
  }
}
