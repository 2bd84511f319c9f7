package io.depthscope.device;

/**
 * Whether a library for GPUs can be used on this machine.
 *
 * @param name what it is called, such as {@code cuBLAS}
 * @param loads whether it can be used
 * @param detail its version if it can, otherwise the reason in one line
 */
public record LibraryProbe(String name, boolean loads, String detail) {}
