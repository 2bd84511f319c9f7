/**
 * One figure of recorded runs as SVG, PDF or PNG. {@code Canvas} is what it is drawn on, with one
 * font for all three. No clock, no I/O. May use {@code record}, {@code stats}, {@code quant}.
 */
package io.depthscope.report.figure;
