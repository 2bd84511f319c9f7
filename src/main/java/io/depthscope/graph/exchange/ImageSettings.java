package io.depthscope.graph.exchange;

import java.util.List;
import java.util.Optional;

/**
 * How a network's images are prepared, as the files beside its weights say it.
 *
 * @param resize what is done before the crop; empty if nothing is said
 * @param mean of each channel in pixel units 0..255; empty if nothing is said
 * @param std likewise, each over 0
 * @param interpolation the word for it, such as {@code bicubic}; it need not be one that the
 *     program knows
 * @param channelOrder {@code rgb} or {@code bgr}; empty if nothing is said
 * @param from where this is said, for people
 */
public record ImageSettings(
    Optional<Resize> resize,
    Optional<List<Double>> mean,
    Optional<List<Double>> std,
    Optional<String> interpolation,
    Optional<String> channelOrder,
    String from) {

  /** Nothing is said of the channels' order. */
  public ImageSettings(
      Optional<Resize> resize,
      Optional<List<Double>> mean,
      Optional<List<Double>> std,
      Optional<String> interpolation,
      String from) {
    this(resize, mean, std, interpolation, Optional.empty(), from);
  }

  /** What the images are resized to before the crop in the middle. */
  public sealed interface Resize {}

  /** The short side becomes resolution / share, rounded down. */
  public record CropShare(double share) implements Resize {}

  /** The short side becomes {@code shortSide} where the crop is {@code crop}. */
  public record ShortSide(int shortSide, int crop) implements Resize {

    /** The short side for another crop: the same share of the image is seen. */
    public int forCrop(int resolution) {
      return (int) Math.round((double) shortSide * resolution / crop);
    }
  }

  /** Height and width become the resolution, whatever the image's proportion. */
  public record Exact() implements Resize {}

  public ImageSettings {
    mean = mean.map(List::copyOf);
    std = std.map(List::copyOf);
  }
}
