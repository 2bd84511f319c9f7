/**
 * Images: class folders, CIFAR-10, packed files, synthetic ones; how they become a network's input;
 * the loader that reads ahead. May use {@code tensor}; knows neither networks nor quantization.
 */
package io.depthscope.dataset;
