/**
 * The built-in families of networks: thin builders of a graph and of what is stored with it. May
 * use {@code graph} and {@code tensor}; knows nothing of files, quantization or backends.
 */
package io.depthscope.zoo;
