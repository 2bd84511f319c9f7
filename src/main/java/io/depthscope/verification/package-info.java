/**
 * Golden cases, layers of every kind, random networks, and the checks that hold a backend to them,
 * for the command {@code verify} and for the tests. May use {@code backend.reference} and {@code
 * graph.exchange}.
 */
package io.depthscope.verification;
