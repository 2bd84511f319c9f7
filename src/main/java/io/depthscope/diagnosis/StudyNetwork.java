package io.depthscope.diagnosis;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A network of a study.
 *
 * @param name of its file, without the ending and the data set it was trained on
 * @param kind the name without the seed: networks of one kind differ in their seed alone
 * @param family {@code dws-cnn}, {@code regular-cnn}, {@code mobilenet-v1}, ...
 * @param seed of its training, as its file's name tells; 1 where it does not
 */
public record StudyNetwork(String name, String kind, String family, int seed) {
  private static final Pattern SEED = Pattern.compile("(.+)-seed([0-9]{1,6})");
  private static final String SEPARABLE = "dws-cnn";
  private static final String REGULAR = "regular-cnn";

  /** Reads kind and seed from the name. */
  public static StudyNetwork of(String name, String family) {
    Matcher m = SEED.matcher(name);
    return m.matches()
        ? new StudyNetwork(name, m.group(1), family, Integer.parseInt(m.group(2)))
        : new StudyNetwork(name, name, family, 1);
  }

  /** True for a depthwise-separable network that may have a regular twin. */
  boolean isSeparableTwin() {
    return kind.startsWith(SEPARABLE);
  }

  /** Kind of the regular network with the same widths, strides and training. */
  String regularTwin() {
    return REGULAR + kind.substring(SEPARABLE.length());
  }
}
