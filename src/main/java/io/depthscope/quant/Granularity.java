package io.depthscope.quant;

/** Whether one scale serves a whole weight tensor or each output channel has its own. */
public enum Granularity {
  PER_TENSOR("per-tensor"),
  PER_CHANNEL("per-channel");

  private final String text;

  Granularity(String text) {
    this.text = text;
  }

  /**
   * The granularity of this name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Granularity parse(String name) {
    for (Granularity g : values()) {
      if (g.text.equals(name)) {
        return g;
      }
    }
    throw new IllegalArgumentException(
        "granularity '" + name + "' is neither per-tensor nor per-channel");
  }

  @Override
  public String toString() {
    return text;
  }
}
