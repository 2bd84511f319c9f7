/**
 * The commands: each parses, calls a use case of {@code run} and prints what came of it. The only
 * package that knows options and a terminal, and ends with an exit code. May use all others.
 */
package io.depthscope.cli;
