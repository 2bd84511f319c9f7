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
import java.util.HashSet;
import java.util.List;
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
    try {
      return backend.memoryBytes(plan(Recording.PLAIN), 1) > 0;
    } catch (BackendException e) {
      if (e.isMissing()) {
        return false;
      }
      throw e;
    }
  }

  /**
   * What a backend computes for every node, taken from the part of the network that ends in the
   * node, so that the node's output is the program's.
   */
  public List<NodeTensors> probe(Backend backend) {
    List<NodeTensors> all = new ArrayList<>();
    Graph graph = network.graph();
    Set<String> names = new HashSet<>();
    for (int i = 0; i < graph.size(); i++) {
      String name = graph.node(i).name();
      names.add(name);
      Network part = network.until(i);
      QuantSpec closed = spec.only(names);
      QuantSpec open = closed.withoutOutput(name);
      Plan before = Plan.of(part, inputTable, open, feed, Recording.PAIRED);
      BatchOutput after = run(backend, Plan.of(part, inputTable, closed, feed, Recording.PAIRED));
      BatchOutput middle = run(backend, before.with(Feed.LOCAL, Recording.PAIRED));
      all.add(
          new NodeTensors(
              name,
              graph.channels(i),
              after.baseline(),
              run(backend, before).candidate(),
              after.candidate(),
              middle.candidate()));
    }
    return all;
  }

  private BatchOutput run(Backend backend, Plan plan) {
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
