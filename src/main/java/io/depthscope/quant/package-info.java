/**
 * Affine quantization: {@code QuantParams} is the one place of its formula; formats, schemes and
 * the estimators that choose a range. May use {@code stats}.
 */
package io.depthscope.quant;
