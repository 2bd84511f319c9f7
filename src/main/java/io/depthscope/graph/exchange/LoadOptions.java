package io.depthscope.graph.exchange;

import io.depthscope.graph.Clamp;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a user may state about a model file.
 *
 * @param family the family the file must hold, such as {@code mobilenet-v1}
 * @param resolution height and width of the input images in pixels, 1..4096
 * @param activation the function after each convolution, if not the one the file tells
 * @param inputExtents extents of the input in the file's order, the batch first, where the file
 *     leaves them open
 */
public record LoadOptions(
    Optional<String> family,
    OptionalInt resolution,
    Optional<Clamp> activation,
    Optional<List<Integer>> inputExtents) {
  static final int MAX_RESOLUTION = 4096;

  /** Everything is taken from the file. */
  public static final LoadOptions NONE = new LoadOptions(Optional.empty(), OptionalInt.empty());

  /** The activation is taken from the file. */
  public LoadOptions(Optional<String> family, OptionalInt resolution) {
    this(family, resolution, Optional.empty());
  }

  /** The extents of the input are as the file and the resolution say. */
  public LoadOptions(Optional<String> family, OptionalInt resolution, Optional<Clamp> activation) {
    this(family, resolution, activation, Optional.empty());
  }

  /** The same for an input of these extents, the batch first. */
  public LoadOptions withInputExtents(List<Integer> extents) {
    return new LoadOptions(family, resolution, activation, Optional.of(extents));
  }

  /**
   * @throws IllegalArgumentException if the family is unknown or the resolution out of range
   */
  public LoadOptions {
    inputExtents = inputExtents.map(List::copyOf);
    family.ifPresent(
        name -> {
          if (!FamilyConfig.families().contains(name)) {
            throw new IllegalArgumentException(
                "unknown family '"
                    + name
                    + "'; known: "
                    + String.join(", ", FamilyConfig.families()));
          }
        });
    if (resolution.isPresent()
        && (resolution.getAsInt() < 1 || resolution.getAsInt() > MAX_RESOLUTION)) {
      throw new IllegalArgumentException(
          "resolution " + resolution.getAsInt() + " is outside 1.." + MAX_RESOLUTION);
    }
  }
}
