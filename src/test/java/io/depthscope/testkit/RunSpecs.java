package io.depthscope.testkit;

import io.depthscope.dataset.Preprocessing;
import io.depthscope.plan.Feed;
import io.depthscope.plan.QuantPolicy;
import io.depthscope.plan.Recording;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.record.BuildInfo;
import io.depthscope.record.RunSpec;
import io.depthscope.tensor.Shape;
import java.util.List;
import java.util.Optional;

/** Specs of runs that nobody makes. */
public final class RunSpecs {

  private RunSpecs() {}

  /** A run that differs in nothing but these. */
  public static RunSpec of(String sha256, int threads, boolean errorSources, String numerics) {
    RangeEstimator minMax = new RangeEstimator.MinMax();
    return new RunSpec(
        new BuildInfo("1", "c", false),
        new RunSpec.Network("n", "f", "keras", "n.safetensors", sha256, "{}", List.of(), List.of()),
        new RunSpec.Images("d", "fingerprint", 10, true, List.of()),
        Optional.of(Preprocessing.exact(new Shape(32, 32, 3))),
        QuantScheme.parse("w8a8", false, false, Granularity.PER_TENSOR, minMax, minMax),
        QuantPolicy.TFLITE,
        Feed.ACCUMULATED,
        errorSources ? Recording.ERROR_SOURCES : Recording.STATISTICS,
        new RunSpec.Ranges("10 images of d", Optional.empty(), Optional.empty()),
        new RunSpec.Engine("cpu", numerics, "2 threads", "asked for"),
        new RunSpec.Circumstances(threads, 32, false, 1, 1L << 30));
  }
}
