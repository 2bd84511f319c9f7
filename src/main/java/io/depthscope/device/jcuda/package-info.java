/**
 * The border around CUDA: implements {@code device} with JCuda, and is the only package that
 * imports it. Its exceptions and status codes end here. May use {@code device}.
 */
package io.depthscope.device.jcuda;
