package io.depthscope.run;

import io.depthscope.dataset.Preprocessing;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantSpec;
import java.util.Optional;

/**
 * A network and how it reads its images: what is measured.
 *
 * @param images empty where its inputs are no images, and are used as they are
 */
public record Subject(LoadedModel model, Optional<Preprocessing> images) {

  /** A network that reads images. */
  public Subject(LoadedModel model, Preprocessing preprocessing) {
    this(model, Optional.of(preprocessing));
  }

  /**
   * How images become its input.
   *
   * @throws java.util.NoSuchElementException if its inputs are used as they are
   */
  public Preprocessing preprocessing() {
    return images.orElseThrow();
  }

  /** Value of each of the 256 pixel codes, per input channel; nobody asks where there are none. */
  float[][] inputTable() {
    return images
        .map(Preprocessing::normalizationTable)
        .orElseGet(() -> new float[model.graph().inputShape().channels()][256]);
  }

  /**
   * The plan of both streams.
   *
   * @throws IllegalArgumentException if the spec is that of another network
   */
  public Plan plan(QuantSpec spec, Feed feed, Recording recording) {
    return Plan.of(model.network(), inputTable(), spec, feed, recording);
  }

  /** The plan of the fp32 stream alone. */
  public Plan fp32Plan(Recording recording) {
    return Plan.fp32(model.network(), inputTable(), recording);
  }
}
