/**
 * A network on its way from a file of another program to a {@link io.depthscope.graph.Network}:
 * what readers of all formats fill, and the clean-up that turns it into layers. Beside it the
 * tensors of any rank that files speak in. Uses {@code graph} and {@code tensor}.
 */
package io.depthscope.graph.draft;
