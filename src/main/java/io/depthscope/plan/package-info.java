/**
 * What a backend is asked to do: for each layer its folded and quantized weights and its
 * parameters, and what is to be recorded. May use {@code graph}, {@code quant}, {@code stats},
 * {@code tensor}.
 */
package io.depthscope.plan;
