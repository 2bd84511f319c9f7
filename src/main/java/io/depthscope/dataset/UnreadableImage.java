package io.depthscope.dataset;

/**
 * An image that was skipped.
 *
 * @param index in the data set
 * @param name of the image
 * @param reason one line, without the name
 */
public record UnreadableImage(int index, String name, String reason) {}
