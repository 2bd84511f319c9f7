package io.depthscope.dataset;

import io.depthscope.tensor.Shape;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * How an image becomes a network's input: resized with antialiasing as PIL does it, cropped in the
 * middle, channels ordered, then {@code x = (p - mean) / std}.
 *
 * @param mode which sizes the resizing aims at
 * @param resizeHeight target of the resizing; with {@link Mode#SHORT_SIDE} the short side's length;
 *     ignored with {@link Mode#NONE}
 * @param resizeWidth likewise; equal to {@code resizeHeight} with {@link Mode#SHORT_SIDE}
 * @param cropHeight rows of the input
 * @param cropWidth columns of the input
 * @param interpolation of the resizing
 * @param order of the input's channels; of no meaning where there is one
 * @param mean of each input channel, in pixel units 0..255
 * @param std of each input channel, in pixel units, positive
 */
public record Preprocessing(
    Mode mode,
    int resizeHeight,
    int resizeWidth,
    int cropHeight,
    int cropWidth,
    Interpolation interpolation,
    ChannelOrder order,
    List<Double> mean,
    List<Double> std) {

  /** What is resized to what. */
  public enum Mode {
    /** The image stays as it is. */
    NONE,
    /** The short side gets the given length, the long side keeps the proportion, rounded down. */
    SHORT_SIDE,
    /** Height and width are given; the proportion may change. */
    EXACT
  }

  /** Order of an input's three channels. */
  public enum ChannelOrder {
    RGB,
    BGR
  }

  private static final int MAX_EDGE = 16_384;
  private static final double MIDDLE = 127.5;

  /**
   * @throws IllegalArgumentException if a size is not within 1..16384, the crop is larger than what
   *     resizing yields, or mean and std are not three finite numbers with std above 0, or one of
   *     each
   */
  public Preprocessing {
    mean = List.copyOf(mean);
    std = List.copyOf(std);
    checkEdge("crop", cropHeight);
    checkEdge("crop", cropWidth);
    if (mode == Mode.NONE) {
      resizeHeight = 0; // equal records for equal effects
      resizeWidth = 0;
    } else {
      checkEdge("resize", resizeHeight);
      checkEdge("resize", resizeWidth);
      if (mode == Mode.SHORT_SIDE && resizeHeight != resizeWidth) {
        throw new IllegalArgumentException("one short side, two lengths");
      }
      if (cropHeight > resizeHeight || cropWidth > resizeWidth) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "crop %dx%d is larger than the resized image, %dx%d",
                cropHeight,
                cropWidth,
                resizeHeight,
                resizeWidth));
      }
    }
    if ((mean.size() != 3 && mean.size() != 1) || std.size() != mean.size()) {
      throw new IllegalArgumentException(
          "mean and std have "
              + mean.size()
              + " and "
              + std.size()
              + " values; 3 each are wanted, of a grey input 1");
    }
    for (int c = 0; c < mean.size(); c++) {
      if (!Double.isFinite(mean.get(c)) || !(std.get(c) > 0) || std.get(c).isInfinite()) {
        throw new IllegalArgumentException("mean " + mean.get(c) + ", std " + std.get(c));
      }
    }
  }

  /** Bilinear, as most networks have it. */
  public Preprocessing(
      Mode mode,
      int resizeHeight,
      int resizeWidth,
      int cropHeight,
      int cropWidth,
      ChannelOrder order,
      List<Double> mean,
      List<Double> std) {
    this(
        mode,
        resizeHeight,
        resizeWidth,
        cropHeight,
        cropWidth,
        Interpolation.BILINEAR,
        order,
        mean,
        std);
  }

  private static void checkEdge(String what, int edge) {
    if (edge < 1 || edge > MAX_EDGE) {
      throw new IllegalArgumentException(what + " size " + edge + " is not within 1.." + MAX_EDGE);
    }
  }

  /**
   * The usual evaluation on ImageNet: short side to resolution / 0.875, crop in the middle, inputs
   * from -1 to 1.
   */
  public static Preprocessing imageNet(int resolution) {
    checkEdge("crop", resolution);
    int resize = (int) Math.round(resolution / 0.875);
    List<Double> middle = Collections.nCopies(3, MIDDLE);
    return new Preprocessing(
        Mode.SHORT_SIDE, resize, resize, resolution, resolution, ChannelOrder.RGB, middle, middle);
  }

  /** Images of exactly this size, resized if they have another; inputs from -1 to 1. */
  public static Preprocessing exact(Shape shape) {
    if (shape.channels() != 3 && shape.channels() != 1) {
      throw new IllegalArgumentException("images have 3 channels or 1, not " + shape.channels());
    }
    List<Double> middle = Collections.nCopies(shape.channels(), MIDDLE);
    return new Preprocessing(
        Mode.EXACT,
        shape.height(),
        shape.width(),
        shape.height(),
        shape.width(),
        ChannelOrder.RGB,
        middle,
        middle);
  }

  /** The same sizes with other values. */
  public Preprocessing with(
      Interpolation filter, ChannelOrder channels, List<Double> means, List<Double> deviations) {
    return new Preprocessing(
        mode,
        resizeHeight,
        resizeWidth,
        cropHeight,
        cropWidth,
        filter,
        channels,
        means,
        deviations);
  }

  /** Shape of {@link #toInput}'s result. */
  public Shape inputShape() {
    return new Shape(cropHeight, cropWidth, channels());
  }

  /** Channels of the input: 3, or 1 of a grey one. */
  public int channels() {
    return mean.size();
  }

  /** What the channels are: RGB, BGR or grey. */
  public String colours() {
    return channels() == 1 ? "grey" : order.toString();
  }

  /**
   * Everything that decides {@link #toInput}'s bytes, in words; equal texts, equal bytes. Mean and
   * std are not part of it.
   */
  public String geometryText() {
    String resize =
        switch (mode) {
          case NONE -> "no resize";
          case SHORT_SIDE -> "short side to " + resizeHeight;
          case EXACT -> "resize to " + resizeHeight + "x" + resizeWidth;
        };
    return resize
        + ", "
        + interpolation.word()
        + " antialiased, centre crop "
        + cropHeight
        + "x"
        + cropWidth
        + ", "
        + colours();
  }

  /**
   * The network's input as bytes, cropHeight x cropWidth x channels.
   *
   * @throws IllegalArgumentException if the image, not resized, is smaller than the crop
   */
  public byte[] toInput(RgbImage image) {
    int height = image.height();
    int width = image.width();
    long shortSide = Math.min(height, width);
    switch (mode) {
      case NONE -> {}
      case EXACT -> {
        height = resizeHeight;
        width = resizeWidth;
      }
      case SHORT_SIDE -> {
        height = Math.toIntExact((long) resizeHeight * image.height() / shortSide);
        width = Math.toIntExact((long) resizeWidth * image.width() / shortSide);
      }
    }
    if (height < cropHeight || width < cropWidth) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "image of %dx%d (height x width) is smaller than the crop, %dx%d",
              height,
              width,
              cropHeight,
              cropWidth));
    }
    // Halves go to the even neighbour, as in Python's round.
    int top = (int) Math.rint((height - cropHeight) / 2.0);
    int left = (int) Math.rint((width - cropWidth) / 2.0);
    byte[] pixels =
        AntialiasedResize.resize(
                interpolation,
                channels() == 1 ? Grey.of(image) : image,
                width,
                height,
                left,
                top,
                cropWidth,
                cropHeight)
            .rgb();
    if (channels() == 1) {
      return Grey.single(pixels);
    }
    if (order == ChannelOrder.BGR) {
      for (int i = 0; i < pixels.length; i += 3) {
        byte red = pixels[i];
        pixels[i] = pixels[i + 2];
        pixels[i + 2] = red;
      }
    }
    return pixels;
  }

  /**
   * The float32 value of every byte, [channels][256]: {@code (p - mean) / std} in double, rounded
   * once. The first index is the input's channel, in {@link #order}.
   */
  public float[][] normalizationTable() {
    float[][] table = new float[channels()][256];
    for (int c = 0; c < table.length; c++) {
      for (int p = 0; p < 256; p++) {
        table[c][p] = (float) ((p - mean.get(c)) / std.get(c));
      }
    }
    return table;
  }
}
