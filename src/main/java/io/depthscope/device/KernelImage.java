package io.depthscope.device;

/**
 * Compiled kernels as a driver takes them.
 *
 * @param name for messages and the manifest, such as {@code depthscope-sm_75.ptx}
 * @param bytes PTX text without a terminating NUL, or a fat binary
 * @param sha256 of the bytes
 */
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
public record KernelImage(String name, byte[] bytes, String sha256) {}
