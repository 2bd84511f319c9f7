package io.depthscope.graph.exchange;

/**
 * One thing that must be known of a network beside its weights, and where it is from.
 *
 * @param name such as {@code resolution}
 * @param origin what kind of source it is
 * @param from the source in words: an option, a file and its entry, a name
 */
public record Setting(String name, String value, Origin origin, String from) {

  /** What a setting was taken from. The later ones are guesses, the last most of all. */
  public enum Origin {
    /** The user said so. */
    OPTION,
    /** The file of weights says so itself. */
    FILE,
    /** A configuration in the same folder says so. */
    CONFIG,
    /** The name of the file or its folder says so. */
    NAME,
    /** What the dialect's networks usually have. */
    DEFAULT
  }

  /** One line: {@code resolution 192 (config.json: image_size)}. */
  public String text() {
    return name + " " + value + " (" + from + ")";
  }
}
