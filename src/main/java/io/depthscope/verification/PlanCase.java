package io.depthscope.verification;

import io.depthscope.backend.Backend;
import io.depthscope.backend.BackendException;
import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.PairedProgram;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.plan.CalibratedTensor;
import io.depthscope.plan.ExecutionPlan;
import io.depthscope.plan.Feed;
import io.depthscope.plan.LayerPlan;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/**
 * A network, how it is quantized, and images to run it on.
 *
 * @param text describes the case in failure messages; enough to make it again
 * @param calibration by node name; where it is empty, {@code params} gives the parameters of the
 *     outputs
 */
@SuppressWarnings("ArrayRecordComponent") // read-only, never compared
public record PlanCase(
    String text,
    Network network,
    float[][] inputTable,
    QuantScheme scheme,
    Map<String, CalibratedTensor> calibration,
    Map<String, QuantParams> params,
    Feed feed,
    InputBatch batch) {

  public Graph graph() {
    return network.graph();
  }

  /** The plan of the whole network. */
  public ExecutionPlan plan(Recording recording) {
    if (!recording.quantizedStream()) {
      return ExecutionPlan.fp32(network, inputTable, recording);
    }
    ExecutionPlan fp32 = ExecutionPlan.fp32(network, inputTable, Recording.PLAIN);
    return calibration.isEmpty()
        ? ExecutionPlan.withParams(fp32, scheme, params, feed, recording)
        : ExecutionPlan.paired(fp32, scheme, calibration, feed, recording);
  }

  /** True if a backend has all operations of the network. */
  public boolean runsOn(Backend backend) {
    try {
      return backend.memoryBytes(plan(Recording.PLAIN), 1) > 0;
    } catch (BackendException e) {
      if (e.isMissing()) {
        return false;
      }
      throw e;
    }
  }

  /** Parameters of the outputs that are quantized, by node name. */
  public Map<String, QuantParams> outputParams() {
    Map<String, QuantParams> found = new HashMap<>();
    for (LayerPlan l : plan(Recording.PAIRED).layers()) {
      l.output().ifPresent(p -> found.put(l.node().name(), p));
    }
    return found;
  }

  /**
   * What a backend computes for every node, taken from the part of the network that ends in the
   * node, so that the node's output is the program's.
   */
  public List<NodeTensors> probe(Backend backend) {
    List<NodeTensors> all = new ArrayList<>();
    Map<String, QuantParams> closedParams = outputParams();
    Graph graph = network.graph();
    for (int i = 0; i < graph.size(); i++) {
      ExecutionPlan fp32 = ExecutionPlan.fp32(network.until(i), inputTable, Recording.PLAIN);
      Map<String, QuantParams> open = new HashMap<>(closedParams);
      open.remove(graph.node(i).name());
      BatchOutput closed =
          run(
              backend,
              ExecutionPlan.withParams(fp32, scheme, closedParams, feed, Recording.PAIRED));
      BatchOutput before =
          run(backend, ExecutionPlan.withParams(fp32, scheme, open, feed, Recording.PAIRED));
      BatchOutput middle =
          run(backend, ExecutionPlan.withParams(fp32, scheme, open, Feed.LOCAL, Recording.PAIRED));
      all.add(
          new NodeTensors(
              graph.node(i).name(),
              graph.channels(i),
              closed.fp32(),
              before.quantized(),
              closed.quantized(),
              middle.quantized()));
    }
    return all;
  }

  private BatchOutput run(Backend backend, ExecutionPlan plan) {
    try (PairedProgram program = backend.compile(plan, batch.count())) {
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
