/**
 * ONNX files to networks. {@code OnnxFile} reads the protobuf and checks it, {@code OnnxConstants}
 * computes what depends on no input, {@code Lowering} tells every other node in the terms of {@code
 * graph.draft}. Every file is hostile. Alone in knowing protobuf. May use {@code graph.exchange},
 * {@code graph.draft}, {@code graph} and {@code tensor}; {@code run} alone uses it.
 */
package io.depthscope.graph.exchange.onnx;
