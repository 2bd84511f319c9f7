/**
 * What a GPU is to this project: memory, streams, events, kernels, a matrix library. Uses the JDK
 * alone; {@code backend.cuda}, {@code run} and {@code cli} alone use it.
 */
package io.depthscope.device;
