/**
 * One run: calibration, the paired run of both networks, and its state between checkpoints. May use
 * {@code backend}, {@code plan} and what is below; no file formats.
 */
package io.depthscope.experiment;
