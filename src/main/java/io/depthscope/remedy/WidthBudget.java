package io.depthscope.remedy;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How many bits the weights may take: what their widths are in the mean, each layer's counted as
 * often as it has weights. Biases, scales and outputs are not counted.
 *
 * @param amount bits, or percent of the scheme's width
 * @param relative whether it is the latter
 */
public record WidthBudget(double amount, boolean relative) {
  private static final Pattern TEXT = Pattern.compile("(\\d{1,3}(?:\\.\\d{1,6})?)(%|bits?)?");

  /**
   * Of a text such as {@code 8.5bits}, {@code 8.5} or {@code 60%}.
   *
   * @throws IllegalArgumentException if it is no such text
   */
  public static WidthBudget parse(String text) {
    Matcher m = TEXT.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (!m.matches()) {
      throw new IllegalArgumentException(
          "budget '" + text + "' is not of the form 8.5bits or 60% (of the scheme's width)");
    }
    return new WidthBudget(Double.parseDouble(m.group(1)), "%".equals(m.group(2)));
  }

  /**
   * The mean width.
   *
   * @param scheme bits of the scheme's weights
   */
  public double bits(int scheme) {
    return relative ? amount / 100 * scheme : amount;
  }
}
