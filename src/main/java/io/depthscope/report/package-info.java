/**
 * Recorded runs and what they say as one page of HTML that asks the network for nothing. No clock,
 * no I/O. May use {@code diagnosis} and {@code record}.
 */
package io.depthscope.report;
