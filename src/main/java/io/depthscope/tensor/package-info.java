/** Shapes (height, width, channels) and tensors of floats. Uses the JDK alone. */
package io.depthscope.tensor;
