package io.depthscope.backend.reference;

import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.plan.Arithmetic;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.plan.Step;
import io.depthscope.quant.QuantParams;
import io.depthscope.stats.ErrorTerm;
import io.depthscope.stats.ImageSums;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.NetworkAccumulator;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/** Runs a plan one image and one layer at a time, every sum in double. */
final class ReferenceProgram implements Program {
  private final Plan plan;
  private final Recording recording;
  private final NetworkAccumulator accumulator;
  private final List<ImageSums> sums;

  ReferenceProgram(Plan plan) {
    this.plan = plan;
    this.recording = plan.recording();
    this.accumulator = plan.newAccumulator();
    this.sums = plan.newImageSums();
  }

  @Override
  public Future<BatchOutput> submit(InputBatch batch) {
    try {
      return CompletableFuture.completedFuture(run(batch));
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private BatchOutput run(InputBatch batch) {
    int outputs = plan.outputSize();
    float[] baseline = new float[batch.count() * outputs];
    float[] candidate = new float[recording.paired() ? baseline.length : 0];
    for (int i = 0; i < batch.count(); i++) {
      int read = i * plan.inputSize();
      float[][] x = new float[plan.steps().size()][];
      float[][] xq = new float[plan.steps().size()][];
      for (Step l : plan.steps()) {
        if (l.index() < plan.given()) {
          int end = read + l.out().size();
          x[l.index()] = Arrays.copyOfRange(batch.values(), read, end);
          if (recording.paired()) {
            xq[l.index()] = Arrays.copyOfRange(batch.candidate(), read, end);
          }
          read = end;
        } else {
          runLayer(l, batch, i, x, xq);
        }
      }
      if (recording.statistics()) {
        accumulator.add(batch.indices()[i], sums);
      }
      int at = i * outputs;
      for (int output : plan.outputs()) {
        int size = x[output].length;
        System.arraycopy(x[output], 0, baseline, at, size);
        if (recording.paired()) {
          System.arraycopy(xq[output], 0, candidate, at, size);
        }
        at += size;
      }
    }
    return new BatchOutput(batch.count(), baseline, candidate);
  }

  private void runLayer(Step l, InputBatch batch, int image, float[][] x, float[][] xq) {
    int index = l.index();
    float[] pixels = l.node().inputs().isEmpty() ? pixels(batch, image) : null;
    Arithmetic baseline = plan.streams().baseline();
    Arithmetic candidate = plan.streams().candidate();
    x[index] =
        fakeQuantize(
            l.output(baseline), ReferenceLayers.forward(l, baseline, inputs(l, x, pixels)));
    float[] y = null;
    if (recording.paired()) {
      float[][] fed = plan.feed() == Feed.LOCAL ? x : xq;
      y = ReferenceLayers.forward(l, candidate, inputs(l, fed, pixels));
      xq[index] = fakeQuantize(l.output(candidate), y);
    }
    if (recording.statistics()) {
      record(l, x[index], y, xq[index]);
    }
    if (recording.errorTerms()) {
      float[] middle = ReferenceLayers.forward(l, candidate, inputs(l, x, pixels));
      recordTerms(l, x[index], middle, y, xq[index]);
    }
  }

  private static List<float[]> inputs(Step l, float[][] outputs, float[] image) {
    return image != null
        ? List.of(image)
        : l.node().inputs().stream().map(i -> outputs[i]).toList();
  }

  private float[] pixels(InputBatch batch, int image) {
    int size = plan.inputShape().size();
    int channels = plan.inputShape().channels();
    float[] out = new float[size];
    for (int i = 0; i < size; i++) {
      out[i] =
          batch.pixels() == null
              ? batch.values()[image * size + i]
              : plan.inputTable()[i % channels][batch.pixels()[image * size + i] & 0xff];
    }
    return out;
  }

  private static float[] fakeQuantize(Optional<QuantParams> params, float[] y) {
    if (params.isEmpty()) {
      return y;
    }
    QuantParams p = params.get();
    float[] out = new float[y.length];
    for (int i = 0; i < y.length; i++) {
      out[i] = p.fakeQuantize(y[i]);
    }
    return out;
  }

  private void record(Step l, float[] x, float[] y, float[] xq) {
    ImageSums s = sums.get(l.index());
    LayerAccumulator layer = accumulator.layer(l.index());
    s.clear();
    Optional<QuantParams> output = l.output(plan.streams().candidate());
    int channels = l.out().channels();
    for (int c = 0; c < channels; c++) {
      s.baseline.add(c, x, c, channels, l.out().positions());
      if (xq != null) {
        s.candidate.add(c, xq, c, channels, l.out().positions());
      }
    }
    for (int i = 0; i < x.length; i++) {
      int c = i % channels;
      if (recording.histograms()) {
        layer.histogram().add(x[i]);
      }
      if (xq == null) {
        continue;
      }
      s.addError(c, x[i], xq[i], 1);
      if (output.isPresent()) {
        QuantParams p = output.get();
        s.saturated[c] += p.saturates(y[i]) ? 1 : 0;
        if (recording.histograms()) {
          layer.codes()[p.quantize(y[i]) - p.qmin()]++;
        }
      }
    }
  }

  private void recordTerms(Step l, float[] x, float[] middle, float[] y, float[] xq) {
    ImageSums s = sums.get(l.index());
    int channels = l.out().channels();
    for (int i = 0; i < x.length; i++) {
      int c = i % channels;
      boolean clipped = l.output().isPresent() && l.output().get().saturates(y[i]);
      double inherited = (double) y[i] - middle[i];
      double weights = (double) middle[i] - x[i];
      double rounding = (double) xq[i] - y[i];
      s.terms[ErrorTerm.INHERITED.ordinal()][c] += inherited * inherited;
      s.terms[ErrorTerm.WEIGHTS.ordinal()][c] += weights * weights;
      ErrorTerm last = clipped ? ErrorTerm.CLIPPING : ErrorTerm.ROUNDING;
      s.terms[last.ordinal()][c] += rounding * rounding;
    }
  }

  @Override
  public NetworkAccumulator statistics() {
    return accumulator;
  }

  @Override
  public void close() {}
}
