package io.depthscope.graph.exchange;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The resolution in the names that MobileNet-V1 is published under: {@code mobilenet_v1_0.75_192},
 * {@code mobilenet_v1_0.75_192_frozen}, {@code mobilenet_7_5_192_tf}, {@code
 * mobilenetv1_100.ra4_e3600_r224_in1k}. Any other number, such as that of an epoch, means nothing.
 *
 * @param name the file's or the folder's name
 */
record KnownName(String name, int resolution) {
  private static final Set<Integer> RESOLUTIONS = Set.of(96, 128, 160, 192, 224, 240, 256);

  /** Google's and Keras': the width multiplier, then the resolution. */
  private static final Pattern WIDTH_FIRST =
      Pattern.compile(
          "mobilenet(?:[-_]?v1)?[-_](?:[01]\\.[0-9]{1,5}|1_0|7_5|5_0|2_5)[-_]([0-9]{2,3})(?![0-9])",
          Pattern.CASE_INSENSITIVE);

  /** timm's: the resolution follows an r; the number after the family is the width. */
  private static final Pattern TIMM =
      Pattern.compile(
          "mobilenetv1_[0-9]{3}h?[._].*?(?<![A-Za-z0-9])r([0-9]{2,3})(?![0-9])",
          Pattern.CASE_INSENSITIVE);

  /** What a file's name says, else its folder's; empty if neither is a known one. */
  static Optional<KnownName> of(Path file) {
    Path folder = file.toAbsolutePath().normalize().getParent();
    return read(file.getFileName())
        .or(() -> folder == null ? Optional.empty() : read(folder.getFileName()));
  }

  private static Optional<KnownName> read(Path part) {
    if (part == null) {
      return Optional.empty();
    }
    String name = part.toString();
    OptionalInt found = number(WIDTH_FIRST, name);
    found = found.isPresent() ? found : number(TIMM, name);
    return found.isPresent()
        ? Optional.of(new KnownName(name, found.getAsInt()))
        : Optional.empty();
  }

  private static OptionalInt number(Pattern pattern, String name) {
    Matcher m = pattern.matcher(name);
    if (m.find()) {
      int value = Integer.parseInt(m.group(1));
      if (RESOLUTIONS.contains(value)) {
        return OptionalInt.of(value);
      }
    }
    return OptionalInt.empty();
  }
}
