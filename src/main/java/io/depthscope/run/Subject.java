package io.depthscope.run;

import io.depthscope.dataset.Preprocessing;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantSpec;

/** A network and how it reads its images: what is measured. */
public record Subject(LoadedModel model, Preprocessing preprocessing) {

  /**
   * The plan of both streams.
   *
   * @throws IllegalArgumentException if the spec is that of another network
   */
  public Plan plan(QuantSpec spec, Feed feed, Recording recording) {
    return Plan.of(model.network(), preprocessing.normalizationTable(), spec, feed, recording);
  }

  /** The plan of the fp32 stream alone. */
  public Plan fp32Plan(Recording recording) {
    return Plan.fp32(model.network(), preprocessing.normalizationTable(), recording);
  }
}
