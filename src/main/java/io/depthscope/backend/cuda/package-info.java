/**
 * The backend on an NVIDIA GPU: plans become launches of the kernels in {@code kernels/}, which
 * {@code KernelCatalog} lists. Sees a GPU through {@code device} alone.
 */
package io.depthscope.backend.cuda;
