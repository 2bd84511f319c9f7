/**
 * {@code Run}, the one tree of a finished run, {@code RunFigures}, the one name of each of its
 * figures, and the run directory: results, tables, checkpoints, and a run read back equal. Files
 * appear whole or not at all. May use {@code experiment} and what is below.
 */
package io.depthscope.record;
