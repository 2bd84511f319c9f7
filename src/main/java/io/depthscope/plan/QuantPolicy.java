package io.depthscope.plan;

import io.depthscope.graph.Op;

/** Which outputs a scheme quantizes, beside the network's input. */
public enum QuantPolicy {
  /** Those that numerics.md names, as TFLite's quantizer does. */
  TFLITE("tflite") {
    @Override
    public boolean quantizes(Op op) {
      return op.quantizesOutput();
    }
  },
  /** Of layers with weights alone. */
  WEIGHTED("weighted") {
    @Override
    public boolean quantizes(Op op) {
      return op.hasWeights() || op instanceof Op.Input;
    }
  },
  /** Of every layer, pools and moves among them. */
  ALL("all") {
    @Override
    public boolean quantizes(Op op) {
      return true;
    }
  };

  private final String word;

  QuantPolicy(String word) {
    this.word = word;
  }

  /** The word a user selects it by. */
  public String word() {
    return word;
  }

  /** True if the output of such a layer is quantized. */
  public abstract boolean quantizes(Op op);
}
