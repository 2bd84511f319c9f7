package io.depthscope.verification;

import io.depthscope.backend.Backend;
import io.depthscope.backend.BackendException;
import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantSpec;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/**
 * A network, how it is quantized, and images to run it on.
 *
 * @param text describes the case in failure messages; enough to make it again
 */
@SuppressWarnings("ArrayRecordComponent") // read-only, never compared
public record PlanCase(
    String text,
    Network network,
    float[][] inputTable,
    QuantSpec spec,
    Feed feed,
    InputBatch batch) {

  public Graph graph() {
    return network.graph();
  }

  /** The plan of the whole network. */
  public Plan plan(Recording recording) {
    return recording.paired()
        ? Plan.of(network, inputTable, spec, feed, recording)
        : Plan.fp32(network, inputTable, recording);
  }

  /** True if a backend has all operations of the network. */
  public boolean runsOn(Backend backend) {
    return has(backend, plan(Recording.PLAIN));
  }

  static boolean has(Backend backend, Plan plan) {
    try {
      return backend.memoryBytes(plan, 1) > 0;
    } catch (BackendException e) {
      if (e.isMissing()) {
        return false;
      }
      throw e;
    }
  }

  /**
   * What a backend computes for every node. The network is run node by node, each on the tensors
   * that the one before handed out: once as it is, and for what a node's output is before it is
   * quantized, once each from the inputs of either stream.
   */
  public List<NodeTensors> probe(Backend backend) {
    List<NodeTensors> all = new ArrayList<>();
    Network open = new Network(allRead(), network.weights(), network.stored(), network.mended());
    Plan closed = Plan.of(open, inputTable, spec, feed, Recording.PAIRED);
    QuantSpec weightsAlone = new QuantSpec(Map.of(), spec.weights());
    Plan before = Plan.of(open, inputTable, weightsAlone, feed, Recording.PAIRED);
    InputBatch given = batch;
    for (int i = 0; i < open.graph().size(); i++) {
      Plan part = closed.part(i, i + 1);
      BatchOutput after = run(backend, part, given);
      boolean candidate = closed.step(i).output().isPresent();
      // What hands values on has constants of their codes, which it keeps.
      Plan unquantized = candidate ? before : closed;
      BatchOutput y = candidate ? run(backend, before.part(i, i + 1), given) : after;
      Plan local = unquantized.with(Feed.LOCAL, Recording.PAIRED);
      BatchOutput middle = run(backend, local.part(i, i + 1), given);
      all.add(
          new NodeTensors(
              open.graph().node(i).name(),
              open.graph().channels(i),
              own(part, after.baseline()),
              own(part, y.candidate()),
              own(part, after.candidate()),
              own(part, middle.candidate())));
      given = InputBatch.continued(after, batch.indices());
    }
    return all;
  }

  /** The graph with every node an output that no other reads, so that a part hands out its last. */
  private Graph allRead() {
    Graph graph = graph();
    Set<Integer> outputs = new LinkedHashSet<>(graph.outputs());
    for (int i = 0; i < graph.size(); i++) {
      int node = i;
      if (graph.nodes().stream().noneMatch(n -> n.inputs().contains(node))) {
        outputs.add(i);
      }
    }
    return new Graph(graph.name(), graph.nodes(), List.copyOf(outputs));
  }

  /** Of what a part hands out, the tensor of its last step: the values of all images. */
  private static float[] own(Plan part, float[] handedOut) {
    int last = part.steps().size() - 1;
    int first = 0;
    for (int place : part.outputs().subList(0, part.outputs().indexOf(last))) {
      first += part.step(place).out().size();
    }
    int size = part.step(last).out().size();
    int all = part.outputSize();
    float[] own = new float[handedOut.length / all * size];
    for (int image = 0; image < own.length / size; image++) {
      System.arraycopy(handedOut, image * all + first, own, image * size, size);
    }
    return own;
  }

  private static BatchOutput run(Backend backend, Plan plan, InputBatch batch) {
    try (Program program = backend.compile(plan, batch.count())) {
      return await(program.submit(batch));
    }
  }

  /**
   * The result of a batch.
   *
   * @throws BackendException if what the program runs on has failed
   * @throws IllegalStateException if anything else has; the failure is its cause
   */
  public static BatchOutput await(Future<BatchOutput> result) {
    try {
      return result.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof BackendException failed) {
        throw failed;
      }
      throw new IllegalStateException(e.getCause());
    }
  }
}
