package io.depthscope.device;

/** A queue of work on a device, done in order. Made and closed by its {@link Device}. */
public record DeviceStream(long id) {}
