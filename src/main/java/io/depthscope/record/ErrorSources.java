package io.depthscope.record;

import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.NetworkAccumulator;
import io.depthscope.stats.SourceEnergies;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The errors of a network by their sources, recorded apart from its other figures.
 *
 * @param images of which they were recorded
 * @param layers one a node
 */
public record ErrorSources(long images, List<OfLayer> layers) {

  /**
   * Energies of a layer, and of each of its channels.
   *
   * @param whole over all channels
   */
  public record OfLayer(Optional<SourceEnergies> whole, List<Optional<SourceEnergies>> channels) {
    public OfLayer {
      channels = List.copyOf(channels);
    }
  }

  public ErrorSources {
    layers = List.copyOf(layers);
  }

  /** Those that a program has gathered. */
  public static ErrorSources of(NetworkAccumulator statistics) {
    List<OfLayer> layers = new ArrayList<>();
    for (int i = 0; i < statistics.size(); i++) {
      LayerAccumulator layer = statistics.layer(i);
      List<Optional<SourceEnergies>> channels = new ArrayList<>();
      for (int c = 0; c < layer.channels(); c++) {
        channels.add(layer.channelError(c).channelStatistics().energies());
      }
      layers.add(new OfLayer(layer.layerError().statistics().energies(), channels));
    }
    return new ErrorSources(statistics.images(), layers);
  }

  /** The layer with its energies. */
  RunLayer into(RunLayer layer) {
    OfLayer own = layers.get(layer.identity().index());
    List<RunLayer.Channel> channels = new ArrayList<>();
    for (RunLayer.Channel c : layer.channels()) {
      channels.add(c.with(c.error().with(own.channels().get(c.channel()))));
    }
    return layer
        .with(layer.error().with(own.whole()), layer.step())
        .with(new RunLayer.Details(channels, layer.details().histogram(), layer.details().codes()));
  }
}
