/**
 * One run: calibration, the paired run of both networks, its state between checkpoints, and its
 * result. May use {@code backend}, {@code plan} and what is below; no file formats.
 */
package io.depthscope.experiment;
