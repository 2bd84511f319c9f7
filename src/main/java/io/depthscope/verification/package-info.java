/**
 * Golden cases, random networks, and the checks that hold a backend to them, for the command {@code
 * verify} and for the tests. May use {@code backend.reference} and {@code model.format}.
 */
package io.depthscope.verification;
