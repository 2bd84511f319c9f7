package io.depthscope.cli;

import io.depthscope.dataset.Interpolation;
import io.depthscope.dataset.Preprocessing.ChannelOrder;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.Setting;
import io.depthscope.run.InputRange;
import io.depthscope.run.StatedImages;
import io.depthscope.run.Subject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Option;

/**
 * What a user states of a network that its file may not tell: its input, and how it reads images.
 */
final class NetworkOptions {
  private static final int CHANNELS = 3;

  /** Beyond these no input of a network is meant: pixels are 0..255. */
  private static final double MOST_PIXEL = 65_536;

  private static final double LEAST_STD = 1e-6;

  @Option(
      names = "--family",
      paramLabel = "NAME",
      description =
          "mobilenet-v1, dws-cnn, regular-cnn or resnet; needed only if the file does not tell.")
  private String family;

  @Option(
      names = "--resolution",
      paramLabel = "N",
      description =
          "Input height and width. Default: what the file, a config.json beside it or a published"
              + " name says, else 224.")
  private Integer resolution;

  @Option(
      names = "--activation",
      paramLabel = "F",
      description = "relu or relu6. Default: what the file or a config.json says, else relu6.")
  private Clamp activation;

  @Option(
      names = "--mean",
      paramLabel = "N[,N,N]",
      description =
          "Subtracted from the pixels 0..255: one number, or three in the order of the input's"
              + " channels. Default: what the network's configuration says, else 127.5.")
  private String mean;

  @Option(
      names = "--std",
      paramLabel = "N[,N,N]",
      description = "What the pixels are divided by after that, likewise. Default: 127.5.")
  private String std;

  @Option(
      names = "--input-range",
      paramLabel = "R",
      description =
          "In place of --mean and --std: 0..1, -1..1, 0..255, or imagenet (mean 123.675,116.28,103.53"
              + " and std 58.395,57.12,57.375).")
  private InputRange inputRange;

  @Option(names = "--channel-order", paramLabel = "O", description = "rgb or bgr. Default: rgb.")
  private ChannelOrder channelOrder;

  @Option(
      names = "--interpolation",
      paramLabel = "I",
      description =
          "bilinear or bicubic, for resizing. Default: what the network's configuration says; timm:"
              + " bicubic; else bilinear.")
  private Interpolation interpolation;

  /**
   * What is stated of the file.
   *
   * @throws UsageException if the family is unknown or the resolution out of range, or an option
   *     about images is wrong
   */
  LoadOptions loadOptions() {
    images(); // whatever the network: are they sound?
    try {
      return new LoadOptions(
          Optional.ofNullable(family),
          resolution == null ? OptionalInt.empty() : OptionalInt.of(resolution),
          Optional.ofNullable(activation));
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  /**
   * What is stated of how it reads images.
   *
   * @throws UsageException if an option is wrong, or two contradict each other
   */
  StatedImages images() {
    if (inputRange != null && (mean != null || std != null)) {
      throw new UsageException("--input-range stands for --mean and --std; give one or the other");
    }
    return images(Optional.ofNullable(inputRange));
  }

  /** The same with a range stated elsewhere. */
  StatedImages images(Optional<InputRange> range) {
    ChannelOrder order = Objects.requireNonNullElse(channelOrder, ChannelOrder.RGB);
    return new StatedImages(
        mean == null
            ? range.map(r -> r.mean(order))
            : Optional.of(numbers("--mean", mean, -MOST_PIXEL, MOST_PIXEL)),
        std == null
            ? range.map(r -> r.std(order))
            : Optional.of(numbers("--std", std, LEAST_STD, MOST_PIXEL)),
        Optional.ofNullable(channelOrder),
        Optional.ofNullable(interpolation));
  }

  /**
   * Refuses what speaks of images.
   *
   * @throws UsageException if something is stated of how the network reads them
   */
  void requireNoImages() {
    List<String> given = new ArrayList<>();
    add(given, "--mean", mean);
    add(given, "--std", std);
    add(given, "--input-range", inputRange);
    add(given, "--channel-order", channelOrder);
    add(given, "--interpolation", interpolation);
    if (!given.isEmpty()) {
      throw new UsageException(
          "a NumPy file is used as it is: " + String.join(", ", given) + " prepare images");
    }
  }

  private static void add(List<String> given, String option, Object value) {
    if (value != null) {
      given.add(option);
    }
  }

  private static List<Double> numbers(String option, String text, double least, double most) {
    List<Double> given = new ArrayList<>();
    try {
      for (String number : text.split(",", -1)) {
        given.add(Double.valueOf(number));
      }
    } catch (NumberFormatException e) {
      throw notNumbers(option, text, e);
    }
    if (given.size() != 1 && given.size() != CHANNELS) {
      throw notNumbers(option, text, null);
    }
    for (double v : given) {
      if (!(v >= least && v <= most)) {
        throw new UsageException(
            String.format(Locale.ROOT, "%s must be %s..%s, got %s", option, least, most, v));
      }
    }
    return given;
  }

  private static UsageException notNumbers(String option, String text, Exception cause) {
    return new UsageException(
        new IllegalArgumentException(
            option + " must be one number or three, in pixels 0..255, got '" + text + "'", cause));
  }

  /**
   * One line each for what is used and where it is from: what the file tells by itself is left out.
   */
  List<String> lines(Subject subject) {
    return lines(subject, images());
  }

  /** The same where something else is stated of its images. */
  List<String> lines(Subject subject, StatedImages stated) {
    List<Setting> all =
        subject.images().isPresent()
            ? stated.settings(subject.model(), subject.preprocessing())
            : subject.model().settings();
    return all.stream().map(setting -> Main.oneLine(setting.text())).toList();
  }
}
