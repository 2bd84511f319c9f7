package io.depthscope.report.figure;

import io.depthscope.record.RunLayer;

/** What the colours of a heat map stand for. */
public enum HeatMapMetric {
  /** Signal over error of each channel, in decibels. */
  SQNR("sqnr"),
  /** How many quantization levels the range of each channel gets. */
  LEVELS("levels");

  private final String text;

  HeatMapMetric(String text) {
    this.text = text;
  }

  double of(RunLayer.Channel channel) {
    return this == SQNR ? channel.error().sqnrDb() : channel.effectiveLevels();
  }

  @Override
  public String toString() {
    return text;
  }
}
