/**
 * What recorded runs say: findings, the comparison of two runs, a study's figures and verdicts.
 * Pure functions; no I/O. May use {@code record} for what a run is, and {@code remedy} for what
 * mends it.
 */
package io.depthscope.diagnosis;
