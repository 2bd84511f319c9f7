/**
 * A network before it is quantized: layers, the graph in topological order, the built-in families,
 * and batch-norm folding. May use {@code tensor}; knows nothing of files, quantization or backends.
 */
package io.depthscope.model;
