/**
 * The fast backend on the CPU. The only package that uses the vector API; keeps channels across
 * lanes, so that the vector width never changes a result. Not {@code dataset}, and not the
 * reference backend it is checked against.
 */
package io.depthscope.backend.cpu;
