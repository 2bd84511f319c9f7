/**
 * TFLite files. {@code TfliteFile} reads the flatbuffer and checks it, {@code Translation} tells
 * its operators in the words of ONNX's. Every file is hostile. Alone in knowing flatbuffers. May
 * use {@code graph.exchange.lowering} and what that may; {@code run} alone uses it.
 */
package io.depthscope.graph.exchange.tflite;
