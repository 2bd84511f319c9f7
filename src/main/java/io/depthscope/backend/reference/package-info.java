/**
 * The oracle: plain loops, sums in double, one rounding at the end. Nothing clever. May use {@code
 * backend} and what that uses; not {@code dataset}.
 */
package io.depthscope.backend.reference;
