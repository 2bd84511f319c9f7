package io.depthscope.graph.exchange;

import io.depthscope.graph.Clamp;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a user may state about a model file.
 *
 * @param family the family the file must hold, such as {@code mobilenet-v1}
 * @param resolution height and width of the input images in pixels, 1..4096
 * @param activation the function after each convolution, if not the one the file tells
 */
public record LoadOptions(
    Optional<String> family, OptionalInt resolution, Optional<Clamp> activation) {
  static final int MAX_RESOLUTION = 4096;

  /** Everything is taken from the file. */
  public static final LoadOptions NONE = new LoadOptions(Optional.empty(), OptionalInt.empty());

  /** The activation is taken from the file. */
  public LoadOptions(Optional<String> family, OptionalInt resolution) {
    this(family, resolution, Optional.empty());
  }

  /**
   * @throws IllegalArgumentException if the family is unknown or the resolution out of range
   */
  public LoadOptions {
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
