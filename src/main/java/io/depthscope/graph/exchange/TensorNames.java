package io.depthscope.graph.exchange;

/**
 * What one dialect calls the tensors of one layer.
 *
 * @param layout how the kernel's axes are stored
 */
record TensorNames(
    String kernel,
    KernelLayout layout,
    String bias,
    String gamma,
    String beta,
    String mean,
    String variance) {}
