package io.depthscope.graph.exchange.keras;

import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.exchange.lowering.Refused;
import java.util.ArrayList;
import java.util.List;

/** Weights of an archive: in a group for each layer, by class and number, by position. */
final class PlacedWeights implements Weights {
  /** What the group of a model's layers is called, by newer and by older versions. */
  private static final List<String> CONTAINERS =
      List.of("layers", "_layer_checkpoint_dependencies");

  private final Hdf5 file;

  PlacedWeights(Hdf5 file) {
    this.file = file;
  }

  @Override
  public NdArray get(Place place, String word, int position) {
    List<String> path = new ArrayList<>();
    for (String kind : place.kinds()) {
      path.add(container(path));
      path.add(kind);
    }
    path.add("vars");
    path.add(Integer.toString(position));
    return file.array(path)
        .orElseThrow(
            () ->
                new Refused(
                    "its weight " + word + " is not in the file, at " + String.join("/", path)));
  }

  private String container(List<String> model) {
    for (String name : CONTAINERS) {
      List<String> path = new ArrayList<>(model);
      path.add(name);
      if (file.has(path)) {
        return name;
      }
    }
    return CONTAINERS.getFirst();
  }
}
