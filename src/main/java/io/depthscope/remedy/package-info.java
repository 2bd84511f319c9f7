/**
 * What mends a network that quantizes badly: each remedy makes a better network, or a better way to
 * quantize it, of what calibration images have shown. Runs networks through a {@code backend}, and
 * uses {@code record} for what a calibration is; no files.
 */
package io.depthscope.remedy;
