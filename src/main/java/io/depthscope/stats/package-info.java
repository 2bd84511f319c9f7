/**
 * What is summed: an image's sums, a run's accumulators, and the figures they become: moments,
 * histograms, errors. Values that merge; no images, no layers. Uses the JDK alone.
 */
package io.depthscope.stats;
