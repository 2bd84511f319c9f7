package io.depthscope.run;

import io.depthscope.plan.Feed;
import io.depthscope.plan.Recording;

/** How a network is quantized and what is recorded of it. */
public record Method(Quantization quantization, Feed feed, Recording recording) {}
