package io.depthscope.report.figure;

import io.depthscope.record.Run;

/**
 * A run with the name it has in a figure.
 *
 * @param label different for each run of a figure
 */
public record FigureRun(String label, Run run) {}
