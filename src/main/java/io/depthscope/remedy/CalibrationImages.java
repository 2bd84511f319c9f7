package io.depthscope.remedy;

import io.depthscope.backend.Backend;
import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.graph.Network;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.record.Calibration;
import io.depthscope.stats.NetworkAccumulator;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The images that remedies learn from, held in memory, and what runs networks on them.
 *
 * @param table value of each of the 256 pixel codes, per input channel
 * @param batches all of them, in order
 * @param batch most images of one
 * @param room bytes that the tensors between two layers may take, of both streams
 * @param stopped asked between batches; true ends what is under way
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record CalibrationImages(
    Backend backend,
    float[][] table,
    List<InputBatch> batches,
    int batch,
    long room,
    Stopped stopped) {

  /** Whether the user wants to stop. */
  @FunctionalInterface
  public interface Stopped {
    boolean now();
  }

  public CalibrationImages {
    batches = List.copyOf(batches);
  }

  /** How many there are. */
  public int count() {
    return batches.stream().mapToInt(InputBatch::count).sum();
  }

  /** The first of them, whole batches, at least one. */
  CalibrationImages first(int images) {
    int n = 0;
    int kept = 0;
    while (n < batches.size() && (n == 0 || kept + batches.get(n).count() <= images)) {
      kept += batches.get(n++).count();
    }
    return new CalibrationImages(backend, table, batches.subList(0, n), batch, room, stopped);
  }

  /**
   * What a network in float32 computes on them.
   *
   * @throws IOException if an activation is NaN or infinite, or the backend fails
   */
  public Seen see(Network network) throws IOException {
    Plan plan = Plan.fp32(network, table, Recording.CALIBRATION);
    try (Program program = backend.compile(plan, batch)) {
      for (InputBatch some : batches) {
        requireGoing();
        Program.await(program.submit(some));
      }
      return seen(plan, program.statistics());
    }
  }

  private Seen seen(Plan plan, NetworkAccumulator statistics) throws IOException {
    Calibration ranges = Calibration.of(plan, statistics, count() + " images");
    Map<String, Seen.Channels> channels = new HashMap<>();
    for (int i = 0; i < statistics.size(); i++) {
      channels.put(plan.step(i).node().name(), Seen.Channels.of(statistics.layer(i).baseline()));
    }
    return new Seen(ranges.images(), ranges.tensors(), channels);
  }

  /** The outputs of both streams of a plan on them, batch after batch. */
  public List<BatchOutput> outputs(Plan plan) throws IOException {
    try (Program program = backend.compile(plan, batch)) {
      List<BatchOutput> all = new ArrayList<>();
      for (InputBatch some : batches) {
        requireGoing();
        all.add(Program.await(program.submit(some)));
      }
      return all;
    }
  }

  /**
   * Ends what is under way if the user wants it.
   *
   * @throws InterruptedIOException if so
   */
  void requireGoing() throws IOException {
    if (stopped.now()) {
      throw new InterruptedIOException("stopped");
    }
  }
}
