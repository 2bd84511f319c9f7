package io.depthscope.graph.exchange.keras;

import io.depthscope.graph.draft.NdArray;
import java.util.List;

/** Where the weights of layers lie in a file. */
interface Weights {

  /**
   * A layer's place.
   *
   * @param names of the layer and of the models around it, outermost first
   * @param kinds the same, as archives name them: by class and number
   */
  record Place(List<String> names, List<String> kinds) {
    public Place {
      names = List.copyOf(names);
      kinds = List.copyOf(kinds);
    }
  }

  /**
   * One weight.
   *
   * @param word what Keras calls it, such as {@code kernel}
   * @param position among those of the layer
   * @throws io.depthscope.graph.exchange.lowering.Refused if it is missing or cannot be read
   */
  NdArray get(Place place, String word, int position);
}
