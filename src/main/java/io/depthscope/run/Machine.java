package io.depthscope.run;

import io.depthscope.backend.Backend;

/**
 * What a run is computed on; but for the backend, no number depends on it.
 *
 * @param choice why it is this backend
 * @param threads that read and decode images
 * @param batch images handed over at a time
 */
public record Machine(Backend backend, String choice, int threads, int batch) {}
