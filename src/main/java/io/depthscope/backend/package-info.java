/**
 * What a backend is: it compiles a whole plan into a program that runs batches through both
 * networks and gathers their statistics. Implementations are packages of their own, chosen by
 * {@code run} and {@code cli} alone.
 */
package io.depthscope.backend;
