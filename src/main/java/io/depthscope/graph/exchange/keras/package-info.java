/**
 * Keras files: HDF5 of any version, and the archives of Keras 3. {@code KerasFile} opens them,
 * {@code Hdf5} alone knows the library that reads HDF5, {@code Models} and {@code Layers} tell the
 * configuration in the words of ONNX's operators. Every file is hostile. May use {@code
 * graph.exchange.lowering} and what that may; {@code run} alone uses it.
 */
package io.depthscope.graph.exchange.keras;
