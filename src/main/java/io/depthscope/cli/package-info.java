/**
 * The commands. The only package that chooses implementations, prints, and ends with an exit code.
 * May use all others.
 */
package io.depthscope.cli;
