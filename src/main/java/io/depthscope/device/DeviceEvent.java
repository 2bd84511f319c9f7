package io.depthscope.device;

/** A point in a stream that others can wait for. Made and closed by its {@link Device}. */
public record DeviceEvent(long id) {}
