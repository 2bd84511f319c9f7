/**
 * What a file of any format says, to a network. A reader translates its file into a {@code
 * FileGraph}, nodes in the words of ONNX's operators; {@code Evaluator} computes what depends on no
 * input, {@code Lowering} tells every other node in the terms of {@code graph.draft}. Every file is
 * hostile. May use {@code graph.exchange}, {@code graph.draft}, {@code graph} and {@code tensor}.
 */
package io.depthscope.graph.exchange.lowering;
