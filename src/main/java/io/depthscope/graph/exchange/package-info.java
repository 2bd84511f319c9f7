/**
 * Weight files to networks: safetensors, in the dialects of names that trained networks come in,
 * and with the whole graph inside. Every file is hostile: lengths are checked before anything is
 * allocated. May use {@code graph}, {@code quant}, {@code zoo} and {@code tensor}; {@code run},
 * {@code cli} and {@code verification} alone use it.
 */
package io.depthscope.graph.exchange;
