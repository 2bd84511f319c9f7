/**
 * {@code Run}, the one tree of a finished run, {@code RunFigures}, the one name of each of its
 * figures, what a run gathers on its way there, and the run directory: results, tables,
 * checkpoints, and a run read back equal. Files appear whole or not at all. May use {@code plan},
 * {@code dataset} and what is below.
 */
package io.depthscope.record;
