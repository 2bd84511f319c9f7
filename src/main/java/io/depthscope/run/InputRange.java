package io.depthscope.run;

/** The range of the inputs that the pixels 0..255 become. */
public enum InputRange {
  UNIT("0..1", 0, 255),
  SYMMETRIC("-1..1", 127.5, 127.5),
  PIXELS("0..255", 0, 1);

  private final String word;
  private final double mean;
  private final double std;

  InputRange(String word, double mean, double std) {
    this.word = word;
    this.mean = mean;
    this.std = std;
  }

  /** The word a user selects it by. */
  public String word() {
    return word;
  }

  /** What is subtracted from a pixel. */
  public double mean() {
    return mean;
  }

  /** What it is divided by after that. */
  public double std() {
    return std;
  }
}
