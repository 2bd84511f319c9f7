package io.depthscope.remedy;

import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantScheme;
import java.util.List;

/** Gives each output channel's weights a scale of its own. */
public record PerChannelWeights() implements Choice {
  @Override
  public String name() {
    return "per-channel";
  }

  @Override
  public String words() {
    return "scales per channel";
  }

  @Override
  public String summary() {
    return "each output channel's weights have a scale of their own, where the device can do that";
  }

  @Override
  public Stage stage() {
    return Stage.FORMAT;
  }

  @Override
  public Mended choose(Mending before) {
    QuantScheme s = before.scheme();
    if (s.weights().isEmpty() || s.granularity() == Granularity.PER_CHANNEL) {
      return Mended.nothing(before);
    }
    QuantScheme finer =
        new QuantScheme(
            s.weights(),
            s.activations(),
            Granularity.PER_CHANNEL,
            s.activationRange(),
            s.weightRange());
    return new Mended(
        before.anew(finer, before.widths()),
        List.of("one scale a channel for the weights of all layers"));
  }
}
