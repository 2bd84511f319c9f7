package io.depthscope.zoo;

/** How a width multiplier turns a layer's base width into a whole number of channels. */
public enum ChannelRounding {
  /** Keras: the product truncated. */
  TRUNCATE,
  /** Hugging Face: the product truncated, but at least 8. */
  TRUNCATE_MIN_8,
  /** timm: the nearest multiple of 8, one more step where that would lose over 10 %. */
  MULTIPLE_OF_8;

  /** Channels of a layer of this base width. The result may be 0 under {@link #TRUNCATE}. */
  public int channels(int baseWidth, double alpha) {
    double product = baseWidth * alpha;
    return switch (this) {
      case TRUNCATE -> (int) product;
      case TRUNCATE_MIN_8 -> Math.max(8, (int) product);
      case MULTIPLE_OF_8 -> {
        int rounded = Math.max(8, 8 * (int) ((product + 4) / 8));
        yield rounded < 0.9 * product ? rounded + 8 : rounded;
      }
    };
  }
}
