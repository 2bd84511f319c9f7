package io.depthscope.dataset;

import io.depthscope.dataset.SyntheticShapes.Split;
import io.depthscope.file.FileErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Turns what a user typed after {@code --data} into a data set. */
public final class Datasets {
  private static final Pattern SYNTHETIC = Pattern.compile("synthetic:([0-9]{1,9})(:train|:test)?");
  private static final String TRAIN = ":train";

  /**
   * What holds for every kind of data set.
   *
   * @param synsets file that gives an image folder's classes; an error for other kinds
   * @param applyExif whether an image folder obeys EXIF orientations
   * @param seed of synthetic images
   * @param labelled false where labels do not matter: all images of a folder are taken then, those
   *     outside the class folders, too
   * @param linesWithBackground number of lines at which the first line of a synsets file is the
   *     network's background class, to which no image belongs; 0 where it has none
   */
  public record Options(
      Optional<Path> synsets,
      boolean applyExif,
      long seed,
      boolean labelled,
      int linesWithBackground) {
    /** No synsets file, orientation ignored, the default seed. */
    public static Options defaults() {
      return new Options(Optional.empty(), false, SyntheticShapes.DEFAULT_SEED, true, 0);
    }

    /** The same with a synsets file. */
    public Options withSynsets(Path file) {
      return new Options(Optional.of(file), applyExif, seed, labelled, linesWithBackground);
    }
  }

  private Datasets() {}

  /**
   * Opens {@code synthetic:N}, {@code synthetic:N:train}, a folder of images, a CIFAR-10 folder
   * ({@code FOLDER:train} for its training images), a CIFAR-10 .bin file or a packed file.
   *
   * @throws IOException if there is no such thing or it is not usable; one line with the reason
   */
  public static Dataset open(String spec, Options options) throws IOException {
    if (spec.startsWith("synthetic:") || spec.equals("synthetic")) {
      return withoutSynsets(spec, options, synthetic(spec, options));
    }
    Path path = toPath(spec);
    if (spec.endsWith(TRAIN) && !Files.exists(path)) {
      Path folder = toPath(spec.substring(0, spec.length() - TRAIN.length()));
      if (!Files.isDirectory(folder) || !Cifar10Binary.isCifarFolder(folder)) {
        throw new IOException(spec + ": " + folder + " is no folder of CIFAR-10 batches");
      }
      return withoutSynsets(spec, options, Cifar10Binary.trainOf(folder));
    }
    if (!Files.exists(path)) {
      throw new IOException(spec + ": " + FileErrors.whyMissing(path));
    }
    if (Files.isDirectory(path)) {
      return Cifar10Binary.isCifarFolder(path)
          ? withoutSynsets(spec, options, Cifar10Binary.testOf(path))
          : new ImageFolder(path, options);
    }
    if (!Files.isReadable(path)) {
      throw new IOException(spec + ": permission denied");
    }
    if (PackedDataset.isPacked(path)) {
      return withoutSynsets(spec, options, new PackedDataset(path));
    }
    if (path.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".bin")) {
      return withoutSynsets(spec, options, Cifar10Binary.ofFile(path));
    }
    if (path.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".npy")) {
      throw new IOException(spec + ": a NumPy file holds no images; analyze and run take it");
    }
    throw new IOException(spec + ": neither a packed data set nor a CIFAR-10 .bin file");
  }

  private static Path toPath(String text) throws IOException {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new IOException(text + ": " + FileErrors.reason(e), e);
    }
  }

  private static Dataset synthetic(String spec, Options options) throws IOException {
    Matcher matcher = SYNTHETIC.matcher(spec);
    int count = matcher.matches() ? Integer.parseInt(matcher.group(1)) : 0;
    if (count == 0) {
      throw new IOException(spec + ": expected synthetic:N or synthetic:N:train, N above 0");
    }
    Split split = TRAIN.equals(matcher.group(2)) ? Split.TRAIN : Split.TEST;
    return new SyntheticShapes(split, count, options.seed());
  }

  private static Dataset withoutSynsets(String spec, Options options, Dataset dataset)
      throws IOException {
    if (options.synsets().isPresent()) {
      dataset.close();
      throw new IOException(spec + ": a synsets file goes with a folder of class folders only");
    }
    return dataset;
  }
}
