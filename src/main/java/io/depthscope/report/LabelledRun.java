package io.depthscope.report;

import io.depthscope.record.Run;

/**
 * One of several runs on a page.
 *
 * @param label what tells it from the others, such as {@code dws-cnn w8a8 per-channel}
 * @param group runs of one group share a colour, such as the network's name
 */
public record LabelledRun(String label, String group, Run run) {}
