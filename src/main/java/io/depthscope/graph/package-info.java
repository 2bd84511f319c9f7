/**
 * A network before it is quantized: operations, the graph in topological order, batch-norm folding
 * and the folded weights. May use {@code tensor}; knows nothing of files, quantization or backends.
 */
package io.depthscope.graph;
