package io.depthscope.device;

/**
 * What a loaded kernel needs, as the driver says.
 *
 * @param registers per thread
 * @param sharedBytes static shared memory per block
 * @param localBytes per thread: stack and spilled registers
 * @param maxThreads most threads a block may have
 */
public record KernelResources(int registers, int sharedBytes, int localBytes, int maxThreads) {}
