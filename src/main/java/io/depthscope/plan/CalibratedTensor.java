package io.depthscope.plan;

import io.depthscope.quant.Range;
import io.depthscope.stats.BitHistogram;

/**
 * What the calibration pass saw of one node's fp32 output.
 *
 * @param observed exact smallest and largest value
 * @param histogram counts of all values
 */
public record CalibratedTensor(Range observed, BitHistogram histogram) {}
