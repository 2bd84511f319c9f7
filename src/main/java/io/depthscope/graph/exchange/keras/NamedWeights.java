package io.depthscope.graph.exchange.keras;

import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.exchange.ModelFormatException;
import io.depthscope.graph.exchange.lowering.Refused;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Weights of an HDF5 file: in a group for each outer layer, whose attribute lists their paths. */
final class NamedWeights implements Weights {
  private static final String ROOT = "model_weights";
  private static final String LIST = "weight_names";
  private static final int MOST_PIECES = 1 << 10;

  private final Hdf5 file;
  private final Map<String, List<List<String>>> listed = new HashMap<>();

  NamedWeights(Hdf5 file) {
    this.file = file;
  }

  @Override
  public NdArray get(Place place, String word, int position) {
    String outer = place.names().getFirst();
    List<List<String>> fits = new ArrayList<>();
    for (List<String> path : listed.computeIfAbsent(outer, this::paths)) {
      boolean inside = place.names().size() == 1 || layer(path).equals(place.names().getLast());
      if (inside && path.getLast().replaceFirst(":\\d+$", "").equals(word)) {
        fits.add(path);
      }
    }
    if (fits.size() != 1) {
      throw new Refused(
          fits.isEmpty()
              ? "its weight " + word + " is not in the file"
              : "its weight " + word + " is in the file " + fits.size() + " times");
    }
    List<String> path = new ArrayList<>(List.of(ROOT, outer));
    path.addAll(fits.getFirst());
    return file.array(path)
        .orElseThrow(() -> new Refused("its weight " + word + " is listed, but not in the file"));
  }

  private static String layer(List<String> path) {
    return path.size() < 2 ? "" : path.get(path.size() - 2);
  }

  /** Paths of the weights of a group; a list that is too long for an attribute is in pieces. */
  private List<List<String>> paths(String layer) {
    List<String> group = List.of(ROOT, layer);
    List<String> all = new ArrayList<>();
    Optional<List<String>> piece = file.texts(group, LIST);
    if (piece.isPresent()) {
      all.addAll(piece.get());
    } else {
      for (int i = 0; i < MOST_PIECES; i++) {
        piece = file.texts(group, LIST + i);
        if (piece.isEmpty()) {
          break;
        }
        all.addAll(piece.get());
      }
    }
    if (all.isEmpty() && !file.has(group)) {
      throw new Refused("the file holds no weights of " + ModelFormatException.shortened(layer));
    }
    return all.stream().map(p -> List.of(p.split("/"))).filter(p -> !p.isEmpty()).toList();
  }
}
