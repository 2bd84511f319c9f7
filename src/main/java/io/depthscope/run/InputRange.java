package io.depthscope.run;

import io.depthscope.dataset.Preprocessing.ChannelOrder;
import java.util.List;

/** What the pixels 0..255 become, in the ways that networks are usually trained. */
public enum InputRange {
  UNIT("0..1", List.of(0.0), List.of(255.0)),
  SYMMETRIC("-1..1", List.of(127.5), List.of(127.5)),
  PIXELS("0..255", List.of(0.0), List.of(1.0)),
  /** By mean and spread of ImageNet's pixels, as torchvision trains. */
  IMAGENET("imagenet", List.of(123.675, 116.28, 103.53), List.of(58.395, 57.12, 57.375));

  private final String word;
  private final List<Double> mean;
  private final List<Double> std;

  InputRange(String word, List<Double> mean, List<Double> std) {
    this.word = word;
    this.mean = mean;
    this.std = std;
  }

  /** The word a user selects it by. */
  public String word() {
    return word;
  }

  /** True if it speaks of the three colours, one by one. */
  public boolean isOfColours() {
    return mean.size() > 1;
  }

  /** What is subtracted from a pixel: one number, or one for each channel in this order. */
  public List<Double> mean(ChannelOrder order) {
    return ordered(mean, order);
  }

  /** What it is divided by after that, likewise. */
  public List<Double> std(ChannelOrder order) {
    return ordered(std, order);
  }

  private static List<Double> ordered(List<Double> ofRgb, ChannelOrder order) {
    return order == ChannelOrder.BGR ? ofRgb.reversed() : ofRgb;
  }
}
