package io.depthscope.remedy;

/** A remedy that fits the quantized form of the layers, one after the other, to images. */
public sealed interface Fit extends Remedy permits Rounding, BiasCorrection {}
