package io.depthscope.run;

import io.depthscope.dataset.Interpolation;
import io.depthscope.dataset.Preprocessing;
import io.depthscope.dataset.Preprocessing.ChannelOrder;
import io.depthscope.dataset.Preprocessing.Mode;
import io.depthscope.graph.exchange.ImageSettings;
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
import java.util.stream.Stream;

/**
 * What a user states of how a network reads images. The rest is as its configuration says, else as
 * usual for its family.
 *
 * @param mean of each input channel, in pixel units 0..255; one number stands for all
 * @param std likewise, each over 0
 */
public record StatedImages(
    Optional<List<Double>> mean,
    Optional<List<Double>> std,
    Optional<ChannelOrder> order,
    Optional<Interpolation> interpolation) {

  /** Nothing is stated. */
  public static final StatedImages NOTHING =
      new StatedImages(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

  public StatedImages {
    mean = mean.map(List::copyOf);
    std = std.map(List::copyOf);
  }

  /**
   * How images become a network's input.
   *
   * @throws IOException if the network does not read images, or its configuration says what cannot
   *     be done
   */
  public Preprocessing preprocessing(LoadedModel model) throws IOException {
    try {
      Preprocessing usual = usual(model);
      return stated(model.images().isPresent() ? configured(usual, model.images().get()) : usual);
    } catch (IllegalArgumentException e) {
      throw new IOException(model.file() + ": " + e.getMessage(), e);
    }
  }

  private static Preprocessing usual(LoadedModel model) {
    Shape in = model.graph().inputShape();
    if (in.channels() == 1) {
      Preprocessing exact = Preprocessing.exact(in);
      return exact.with(exact.interpolation(), exact.order(), List.of(0.0), List.of(255.0));
    }
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
                      case ImageSettings.Exact e ->
                          resized(usual, Mode.EXACT, side, usual.cropWidth());
                      case ImageSettings.CropShare c -> shortSide(usual, (int) (side / c.share()));
                      case ImageSettings.ShortSide s -> shortSide(usual, s.forCrop(side));
                    })
            .orElse(usual);
    Interpolation filter = sized.interpolation();
    if (said.interpolation().isPresent() && interpolation.isEmpty()) {
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
                              + word
                              + "; --interpolation bilinear or bicubic can be had"));
    }
    return new Preprocessing(
        sized.mode(),
        sized.resizeHeight(),
        sized.resizeWidth(),
        usual.cropHeight(),
        usual.cropWidth(),
        filter,
        said.channelOrder().map(StatedImages::order).orElse(sized.order()),
        said.mean().orElse(sized.mean()),
        said.std().orElse(sized.std()));
  }

  private static ChannelOrder order(String word) {
    return ChannelOrder.valueOf(word.toUpperCase(Locale.ROOT));
  }

  private static Preprocessing shortSide(Preprocessing p, int length) {
    return resized(p, Mode.SHORT_SIDE, length, length);
  }

  private static Preprocessing resized(Preprocessing p, Mode mode, int height, int width) {
    return new Preprocessing(
        mode,
        height,
        width,
        p.cropHeight(),
        p.cropWidth(),
        p.interpolation(),
        p.order(),
        p.mean(),
        p.std());
  }

  private Preprocessing stated(Preprocessing p) {
    if (p.channels() == 1 && order.isPresent()) {
      throw new IllegalArgumentException("reads one channel, which has no order");
    }
    return p.with(
        interpolation.orElse(p.interpolation()),
        order.orElse(p.order()),
        mean.map(m -> forAll(m, p.channels())).orElse(p.mean()),
        std.map(s -> forAll(s, p.channels())).orElse(p.std()));
  }

  /** One number for each channel of what may be one for all. */
  static List<Double> forAll(List<Double> stated, int channels) {
    return stated.size() == 1 ? Collections.nCopies(channels, stated.getFirst()) : stated;
  }

  /**
   * What is used of a network beside its weights and where it is from; what the file tells by
   * itself is left out.
   *
   * @param preprocessing as {@link #preprocessing} gives it
   */
  public List<Setting> settings(LoadedModel model, Preprocessing preprocessing) {
    List<Setting> all = new ArrayList<>(model.settings());
    boolean stated = !equals(NOTHING);
    String said = model.images().map(ImageSettings::from).orElse("");
    boolean grey = preprocessing.channels() == 1;
    if (stated || !said.isEmpty() || !all.isEmpty() || grey) {
      String base =
          !said.isEmpty()
              ? said
              : grey
                  ? "assumed, since the file does not tell; --mean, --std, --input-range"
                  : "usual for " + model.family();
      all.add(
          new Setting(
              "images",
              text(preprocessing),
              stated ? Origin.OPTION : Origin.CONFIG,
              stated ? "options, else " + base : base));
    }
    return all;
  }

  /**
   * How images are read, as a file of the network itself can say it.
   *
   * @param preprocessing as {@link #preprocessing} gives it
   */
  public ImageSettings written(LoadedModel model, Preprocessing preprocessing) {
    Optional<ImageSettings.Resize> resize =
        switch (preprocessing.mode()) {
          case NONE -> Optional.empty();
          case EXACT -> Optional.of(new ImageSettings.Exact());
          case SHORT_SIDE ->
              Optional.of(
                  new ImageSettings.ShortSide(
                      preprocessing.resizeHeight(), preprocessing.cropHeight()));
        };
    return new ImageSettings(
        resize,
        Optional.of(preprocessing.mean()),
        Optional.of(preprocessing.std()),
        Optional.of(preprocessing.interpolation().word()),
        preprocessing.channels() == 1
            ? Optional.empty()
            : Optional.of(preprocessing.order().name().toLowerCase(Locale.ROOT)),
        equals(NOTHING)
            ? model.images().map(ImageSettings::from).orElse("usual for " + model.family())
            : "stated when the file was written");
  }

  /** How images are read, on one line. */
  public static String text(Preprocessing p) {
    return p.geometryText() + ", (p - " + numbers(p.mean()) + ") / " + numbers(p.std());
  }

  private static String numbers(List<Double> values) {
    return values.stream().distinct().count() == 1
        ? values.getFirst().toString()
        : values.toString();
  }
}
