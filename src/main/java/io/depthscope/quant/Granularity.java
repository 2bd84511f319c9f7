package io.depthscope.quant;

/** Whether one scale serves a whole weight tensor or each output channel has its own. */
public enum Granularity {
  PER_TENSOR("per-tensor"),
  PER_CHANNEL("per-channel");

  private final String text;

  Granularity(String text) {
    this.text = text;
  }

  @Override
  public String toString() {
    return text;
  }
}
