/**
 * ONNX files. {@code OnnxFile} reads the protobuf and checks it, {@code TensorData} decodes its
 * tensors; {@code OnnxWriter} writes such files. Every file is hostile. Alone in knowing protobuf.
 * May use {@code graph.exchange.lowering} and what that may; {@code run} alone uses it.
 */
package io.depthscope.graph.exchange.onnx;
