package io.depthscope.run;

import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.Samples;
import io.depthscope.dataset.SelectedImages;
import io.depthscope.record.RunSetting;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Where ranges come from. It is the one place that knows which images of a data set they are, and
 * so which are the others.
 *
 * @param text identifies the calibration in a manifest and a checkpoint
 * @param images how many of them
 * @param order which of them
 * @param file an earlier run's quantization.json that has them; empty: they are measured
 * @param opener of the images to measure
 */
public record CalibrationSource(
    String text, int images, Order order, Optional<Path> file, Opener opener) {

  /** Which images of a data set are taken. */
  public enum Order {
    /** At equal distances: some of every class where images are sorted by class. */
    SPREAD,
    FIRST;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Opens the images. */
  public interface Opener {
    Samples open() throws IOException;
  }

  /**
   * The images to calibrate with, opened.
   *
   * @param data of which the first {@code count} are to be read
   * @param text identifies them
   * @param all the data set they are of
   */
  public record Taken(Samples data, int count, String text, Samples all) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      all.close();
    }
  }

  /**
   * A calibration as a user asks for it.
   *
   * @param spec what the user gave for the images
   */
  public static CalibrationSource of(
      String spec, int images, Order order, Optional<Path> file, Opener opener) {
    String text =
        file.map(f -> "quantization " + f)
            .orElse((order == Order.FIRST ? RunSetting.FIRST : "") + images + " images of " + spec);
    return new CalibrationSource(text, images, order, file, opener);
  }

  /** One that has no images: a file has all that is needed. */
  static CalibrationSource of(Path file, Opener opener) {
    return of("", 0, Order.SPREAD, Optional.of(file), opener);
  }

  /** Opens the images; samples of a NumPy file are the first ones, whatever the order. */
  Taken open() throws IOException {
    Samples all = opener.open();
    int count = Math.min(images, all.size());
    String whole = " images of data " + all.fingerprint();
    if (count == all.size()) {
      return new Taken(all, count, "all " + count + whole, all);
    }
    if (order == Order.SPREAD && all instanceof Dataset d) {
      SelectedImages some = SelectedImages.spread(d, count);
      return new Taken(some, count, count + " images of data " + some.fingerprint(), all);
    }
    return new Taken(all, count, "the first " + count + whole, all);
  }

  /**
   * How many of the images of a run it takes; 0 where it takes others, or a file has the ranges.
   *
   * @throws IOException if the data set cannot be opened
   */
  int among(TestImages<?> run) throws IOException {
    return (int) Arrays.stream(places(run)).filter(i -> i < run.count()).count();
  }

  /** Ascending places of those taken in the data set of a run; none where it is another. */
  private int[] places(TestImages<?> run) throws IOException {
    if (file.isPresent()) {
      return new int[0];
    }
    try (Samples all = opener.open()) {
      // Not by fingerprint: labels are part of it, and nobody asks for those of the calibration.
      if (!all.description().equals(run.data().description()) || all.size() != run.data().size()) {
        return new int[0];
      }
      int count = Math.min(images, all.size());
      return order == Order.SPREAD && all instanceof Dataset
          ? SelectedImages.spreadPlaces(all.size(), count)
          : IntStream.range(0, count).toArray();
    }
  }

  /**
   * The images of a run without those that it takes: all, if it takes none of them.
   *
   * @return empty where none is left, or they cannot be told apart: samples of a NumPy file
   * @throws IOException if the data set cannot be opened
   */
  public Optional<TestImages<?>> others(TestImages<?> run) throws IOException {
    int[] places = places(run);
    int taken = (int) Arrays.stream(places).filter(i -> i < run.count()).count();
    if (taken == 0) {
      return Optional.of(run);
    }
    if (!(run.data() instanceof Dataset all) || taken == run.count()) {
      return Optional.empty();
    }
    SelectedImages left = SelectedImages.without(all, places);
    TestImages<Dataset> rest =
        new TestImages<>(left, run.count() - taken, run.strict(), run.seed());
    return Optional.of(run.labelled() ? rest : rest.withoutLabels());
  }
}
