package io.depthscope.device;

/**
 * What must be known of a kernel to launch it.
 *
 * @param symbol its name in the image, {@code
 *     ds_<op>_<in>_<weights>_<out>_<granularity>__<variant>}
 * @param file the source under kernels/ it is written in
 * @param pointers number of pointer parameters, which come first
 * @param paramBytes size of the one struct after them
 * @param threads threads a block it must be launched with
 */
public record KernelSpec(String symbol, String file, int pointers, int paramBytes, int threads) {}
