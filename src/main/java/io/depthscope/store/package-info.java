/**
 * The run directory: results, tables, checkpoints, and a finished run read back. Files appear whole
 * or not at all. May use {@code experiment} and what is below.
 */
package io.depthscope.store;
