package io.depthscope.testkit;

import io.depthscope.backend.Backend;
import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.plan.Plan;
import io.depthscope.stats.ImageSums;
import io.depthscope.stats.NetworkAccumulator;
import io.depthscope.verification.PlanCase;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;

/** A sound backend with one planted fault, to show that the checks would notice it. */
public final class BrokenBackend implements Backend {

  /** What is wrong. */
  public enum Fault {
    /** Nothing: the wrapper itself must pass. */
    NONE,
    /** The statistics miss the last image of a batch. */
    DROPS_LAST_IMAGE,
    /** An image is counted twice. */
    COUNTS_AN_IMAGE_TWICE,
    /** The last channel of the fp32 output is off by one part in a thousand. */
    LAST_CHANNEL_OFF,
    /** One element of the quantized output is one code off. */
    ONE_CODE_OFF,
    /** One fp32 output is NaN. */
    NAN_OUTPUT,
    /** Every image gets the output of the first image the program saw. */
    STALE_OUTPUT,
    /** The outputs were never written. */
    EMPTY_OUTPUT,
    /** A bit histogram lacks one count. */
    HISTOGRAM_LACKS_ONE,
    /** One code is counted as its neighbour. */
    CODE_COUNTED_AS_NEIGHBOUR,
    /** The last layer's moments hold one value a channel too many. */
    ONE_VALUE_TOO_MANY
  }

  private final Backend sound;
  private final Fault fault;

  public BrokenBackend(Backend sound, Fault fault) {
    this.sound = sound;
    this.fault = fault;
  }

  @Override
  public String name() {
    return sound.name();
  }

  @Override
  public String description() {
    return sound.description() + ", " + fault;
  }

  @Override
  public Program compile(Plan plan, int maxBatch) {
    return new BrokenProgram(plan, maxBatch);
  }

  @Override
  public long memoryBytes(Plan plan, int maxBatch) {
    return sound.memoryBytes(plan, maxBatch);
  }

  private final class BrokenProgram implements Program {
    private final Plan plan;
    private final Program outputs;
    private final Program recorded;
    private Optional<BatchOutput> first = Optional.empty();

    BrokenProgram(Plan plan, int maxBatch) {
      this.plan = plan;
      this.outputs = sound.compile(plan, maxBatch);
      this.recorded = sound.compile(plan, maxBatch);
    }

    @Override
    public Future<BatchOutput> submit(InputBatch batch) {
      boolean drop = fault == Fault.DROPS_LAST_IMAGE && batch.count() > 0;
      InputBatch kept =
          drop
              ? new InputBatch(
                  batch.count() - 1,
                  batch.indices(),
                  batch.pixels(),
                  batch.values(),
                  batch.candidate())
              : batch;
      PlanCase.await(recorded.submit(kept));
      BatchOutput out = PlanCase.await(outputs.submit(batch));
      spoil(out);
      return CompletableFuture.completedFuture(out);
    }

    private void spoil(BatchOutput out) {
      float[] x = out.baseline();
      float[] xq = out.candidate();
      if (x.length == 0) {
        return;
      }
      switch (fault) {
        case LAST_CHANNEL_OFF -> x[x.length - 1] += 1e-3f * Math.max(1, Math.abs(x[x.length - 1]));
        case NAN_OUTPUT -> x[x.length / 2] = Float.NaN;
        case ONE_CODE_OFF ->
            plan.step(plan.outputs().getFirst())
                .output()
                .filter(p -> xq.length > 0)
                .ifPresent(
                    p -> {
                      int code = p.quantize(xq[0]);
                      xq[0] = p.dequantize(code == p.qmax() ? code - 1 : code + 1);
                    });
        case STALE_OUTPUT -> {
          if (first.isEmpty()) {
            first = Optional.of(new BatchOutput(out.count(), x.clone(), xq.clone()));
          }
          each(x, from -> System.arraycopy(first.get().baseline(), 0, x, from, plan.outputSize()));
          each(
              xq,
              from -> System.arraycopy(first.get().candidate(), 0, xq, from, plan.outputSize()));
        }
        case EMPTY_OUTPUT -> {
          Arrays.fill(x, 0);
          Arrays.fill(xq, 0);
        }
        default -> {}
      }
    }

    private void each(float[] values, IntConsumer change) {
      for (int from = 0; from < values.length; from += plan.outputSize()) {
        change.accept(from);
      }
    }

    @Override
    public NetworkAccumulator statistics() {
      NetworkAccumulator seen = recorded.statistics();
      if (seen.images() == 0) {
        return seen;
      }
      int last = seen.size() - 1;
      switch (fault) {
        case HISTOGRAM_LACKS_ONE -> move(seen.layer(last).histogram().counts(), false);
        case CODE_COUNTED_AS_NEIGHBOUR -> move(seen.layer(last).codes(), true);
        case COUNTS_AN_IMAGE_TWICE -> seen.add((int) seen.images(), plan.newImageSums());
        case ONE_VALUE_TOO_MANY -> {
          ImageSums sums = plan.newImageSums().get(last);
          for (int c = 0; c < sums.channels(); c++) {
            sums.baseline.add(c, seen.layer(last).baseline().max(c), 1);
          }
          seen.layer(last).baseline().add(sums.baseline);
        }
        default -> {}
      }
      return seen;
    }

    private static void move(long[] counts, boolean toNeighbour) {
      for (int i = 0; i < counts.length; i++) {
        if (counts[i] > 0) {
          counts[i]--;
          if (toNeighbour) {
            counts[i == counts.length - 1 ? i - 1 : i + 1]++;
          }
          return;
        }
      }
    }

    @Override
    public void close() {
      outputs.close();
      recorded.close();
    }
  }
}
