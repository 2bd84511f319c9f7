package io.depthscope.cli;

import io.depthscope.dataset.Interpolation;
import io.depthscope.dataset.Preprocessing;
import io.depthscope.dataset.Preprocessing.ChannelOrder;
import io.depthscope.dataset.Preprocessing.Mode;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.exchange.ImageSettings;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.graph.exchange.Setting;
import io.depthscope.graph.exchange.Setting.Origin;
import io.depthscope.tensor.Shape;
import io.depthscope.zoo.MobileNetV1;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/**
 * What a user states of a network that its file may not tell: its input, and how it reads images.
 */
final class NetworkOptions {
  private static final int CHANNELS = 3;

  /** Beyond these no input of a network is meant: pixels are 0..255. */
  private static final double MOST_PIXEL = 65_536;

  private static final double LEAST_STD = 1e-6;

  /** The range of the inputs that the pixels 0..255 become. */
  private enum InputRange {
    UNIT("0..1", 0, 255),
    SYMMETRIC("-1..1", 127.5, 127.5),
    PIXELS("0..255", 0, 1);

    private final String word;
    private final double mean;
    private final double std;

    InputRange(String word, double mean, double std) {
      this.word = word;
      this.mean = mean;
      this.std = std;
    }

    static InputRange of(String text) {
      for (InputRange range : values()) {
        if (range.word.equals(text)) {
          return range;
        }
      }
      throw new UsageException("--input-range must be 0..1, -1..1 or 0..255, got " + text);
    }
  }

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
  private String activation;

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
      description = "0..1, -1..1 or 0..255, in place of --mean and --std.")
  private String inputRange;

  @Option(names = "--channel-order", paramLabel = "O", description = "rgb or bgr. Default: rgb.")
  private String channelOrder;

  @Option(
      names = "--interpolation",
      paramLabel = "I",
      description =
          "bilinear or bicubic, for resizing. Default: what the network's configuration says; timm:"
              + " bicubic; else bilinear.")
  private String interpolation;

  /**
   * What is stated of the file.
   *
   * @throws UsageException if the family or the activation is unknown or the resolution out of
   *     range, or an option about images is wrong
   */
  LoadOptions loadOptions() {
    images(Preprocessing.exact(new Shape(1, 1, CHANNELS))); // whatever the network: are they sound?
    try {
      return new LoadOptions(
          Optional.ofNullable(family),
          resolution == null ? OptionalInt.empty() : OptionalInt.of(resolution),
          Optional.ofNullable(activation).map(NetworkOptions::activation));
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  /**
   * How images become a network's input: as the options say, else its configuration, else as usual
   * for its family.
   *
   * @throws IOException if the network does not read images, or its configuration says what cannot
   *     be done
   */
  Preprocessing preprocessing(LoadedModel model) throws IOException {
    try {
      Preprocessing usual = usual(model);
      return images(model.images().isPresent() ? configured(usual, model.images().get()) : usual);
    } catch (IllegalArgumentException e) {
      throw new IOException(model.file() + ": " + e.getMessage(), e);
    }
  }

  private static Preprocessing usual(LoadedModel model) {
    Shape in = model.graph().inputShape();
    boolean photographs =
        model.family().equals(MobileNetV1.FAMILY) && in.height() == in.width() && in.height() >= 96;
    return photographs ? Preprocessing.imageNet(in.height()) : Preprocessing.exact(in);
  }

  private Preprocessing configured(Preprocessing usual, ImageSettings said) {
    int side = usual.cropHeight();
    Preprocessing sized =
        said.resize()
            .map(
                resize ->
                    switch (resize) {
                      case ImageSettings.Exact e -> resized(usual, Mode.EXACT, side);
                      case ImageSettings.CropShare c ->
                          resized(usual, Mode.SHORT_SIDE, (int) (side / c.share()));
                      case ImageSettings.ShortSide s ->
                          resized(usual, Mode.SHORT_SIDE, s.forCrop(side));
                    })
            .orElse(usual);
    Interpolation filter = sized.interpolation();
    if (said.interpolation().isPresent() && interpolation == null) {
      String word = said.interpolation().get();
      filter =
          Stream.of(Interpolation.values())
              .filter(i -> i.word().equals(word))
              .findFirst()
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          said.from()
                              + " asks for the interpolation "
                              + Main.oneLine(word)
                              + "; --interpolation bilinear or bicubic can be had"));
    }
    return new Preprocessing(
        sized.mode(),
        sized.resizeHeight(),
        sized.resizeWidth(),
        side,
        side,
        filter,
        sized.order(),
        said.mean().orElse(sized.mean()),
        said.std().orElse(sized.std()));
  }

  private static Preprocessing resized(Preprocessing p, Mode mode, int resize) {
    return new Preprocessing(
        mode,
        resize,
        resize,
        p.cropHeight(),
        p.cropWidth(),
        p.interpolation(),
        p.order(),
        p.mean(),
        p.std());
  }

  /** With what the options say of images. */
  private Preprocessing images(Preprocessing p) {
    List<Double> means = p.mean();
    List<Double> stds = p.std();
    if (inputRange != null) {
      if (mean != null || std != null) {
        throw new UsageException(
            "--input-range stands for --mean and --std; give one or the other");
      }
      InputRange range = InputRange.of(inputRange);
      means = Collections.nCopies(CHANNELS, range.mean);
      stds = Collections.nCopies(CHANNELS, range.std);
    }
    means = mean == null ? means : three("--mean", mean, -MOST_PIXEL, MOST_PIXEL);
    stds = std == null ? stds : three("--std", std, LEAST_STD, MOST_PIXEL);
    return new Preprocessing(
        p.mode(),
        p.resizeHeight(),
        p.resizeWidth(),
        p.cropHeight(),
        p.cropWidth(),
        interpolation == null
            ? p.interpolation()
            : constant("--interpolation", interpolation, List.of(Interpolation.values())),
        channelOrder == null
            ? p.order()
            : constant("--channel-order", channelOrder, List.of(ChannelOrder.values())),
        means,
        stds);
  }

  private static List<Double> three(String option, String text, double least, double most) {
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
    return given.size() == 1 ? Collections.nCopies(CHANNELS, given.getFirst()) : given;
  }

  private static UsageException notNumbers(String option, String text, Exception cause) {
    return new UsageException(
        new IllegalArgumentException(
            option + " must be one number or three, in pixels 0..255, got '" + text + "'", cause));
  }

  private static Clamp activation(String text) {
    return named("--activation", text, Clamp.RECTIFIERS, Clamp::word);
  }

  private static <E extends Enum<E>> E constant(String option, String text, List<E> allowed) {
    return named(option, text, allowed, v -> v.name().toLowerCase(Locale.ROOT));
  }

  private static <E> E named(
      String option, String text, List<E> allowed, Function<E, String> word) {
    for (E value : allowed) {
      if (word.apply(value).equalsIgnoreCase(text)) {
        return value;
      }
    }
    String words = String.join(" or ", allowed.stream().map(word).toList());
    throw new UsageException(option + " must be " + words + ", got " + text);
  }

  /**
   * One line each for what is used and where it is from: what the file tells by itself is left out.
   */
  List<String> lines(LoadedModel model, Preprocessing preprocessing) {
    List<Setting> all = new ArrayList<>(model.settings());
    boolean stated =
        Stream.of(mean, std, inputRange, channelOrder, interpolation).anyMatch(o -> o != null);
    String said = model.images().map(ImageSettings::from).orElse("");
    if (stated || !said.isEmpty() || !all.isEmpty()) {
      String base = said.isEmpty() ? "usual for " + model.family() : said;
      all.add(
          new Setting(
              "images",
              imageText(preprocessing),
              stated ? Origin.OPTION : Origin.CONFIG,
              stated ? "options, else " + base : base));
    }
    return all.stream().map(s -> Main.oneLine(s.text())).toList();
  }

  /** How images are read, on one line. */
  static String imageText(Preprocessing p) {
    return p.geometryText() + ", (p - " + numbers(p.mean()) + ") / " + numbers(p.std());
  }

  private static String numbers(List<Double> values) {
    return values.stream().distinct().count() == 1
        ? values.getFirst().toString()
        : values.toString();
  }
}
