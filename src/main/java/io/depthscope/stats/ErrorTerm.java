package io.depthscope.stats;

/** The four terms that sum to a layer's error e = xq - x; see {@code numerics}. */
public enum ErrorTerm {
  /** f(Wq, xq_in) - f(Wq, x_in): what comes in with the quantized input. */
  INHERITED,
  /** f(Wq, x_in) - f(W, x_in): the damage of this layer's quantized weights. */
  WEIGHTS,
  /** fq(y) - y where clamping changed the code of y = f(Wq, xq_in). */
  CLIPPING,
  /** fq(y) - y elsewhere. */
  ROUNDING
}
