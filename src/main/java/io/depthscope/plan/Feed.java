package io.depthscope.plan;

/** What the quantized version of a layer reads. */
public enum Feed {
  /** The candidate's outputs of the layers before: errors accumulate with depth. */
  ACCUMULATED("accumulated"),
  /**
   * The baseline's outputs of the layers before: a layer's own damage, without what it inherits.
   * The quantized logits are then those of the last layer alone.
   */
  LOCAL("local");

  private final String text;

  Feed(String text) {
    this.text = text;
  }

  @Override
  public String toString() {
    return text;
  }
}
