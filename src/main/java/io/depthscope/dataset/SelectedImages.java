package io.depthscope.dataset;

import java.io.IOException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Objects;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/** Some images of a data set, in an order of their own. It does not close the data set it shows. */
public final class SelectedImages implements Dataset {
  private static final double GOLDEN = (Math.sqrt(5) - 1) / 2;

  private final Dataset all;
  private final int count;
  private final IntUnaryOperator place;
  private final String description;
  private final String mark;

  /**
   * @param place in the data set, of an image here
   * @param mark what tells the choice from others, behind the data set's fingerprint
   */
  private SelectedImages(
      Dataset all, int count, IntUnaryOperator place, String description, String mark) {
    this.all = all;
    this.count = count;
    this.place = place;
    this.description = description;
    this.mark = mark;
  }

  /**
   * Images at equal distances: a sample of every class where images are sorted by class.
   *
   * @param count images to take; all of them if there are no more
   * @throws IllegalArgumentException if {@code count} is not positive
   */
  public static SelectedImages spread(Dataset all, int count) {
    if (count < 1) {
      throw new IllegalArgumentException(count + " images of a data set");
    }
    int n = Math.min(count, all.size());
    return new SelectedImages(
        all,
        n,
        i -> spreadPlace(i, all.size(), n),
        n + " images spread over " + all.description(),
        "/" + n);
  }

  /**
   * Where the images of {@link #spread} lie in their data set, ascending.
   *
   * @param size of the data set, at least {@code count}
   */
  public static int[] spreadPlaces(int size, int count) {
    return IntStream.range(0, count).map(i -> spreadPlace(i, size, count)).toArray();
  }

  private static int spreadPlace(int index, int size, int count) {
    return (int) ((long) index * size / count);
  }

  /**
   * The images that are not at these places, in their order.
   *
   * @param places ascending, each once
   * @throws IllegalArgumentException if none is left
   */
  public static SelectedImages without(Dataset all, int[] places) {
    BitSet gone = new BitSet();
    Arrays.stream(places).forEach(gone::set);
    int[] left = IntStream.range(0, all.size()).filter(i -> !gone.get(i)).toArray();
    if (left.length == 0) {
      throw new IllegalArgumentException("no image is left of " + all.size());
    }
    int first = left[0];
    if (left.length == all.size() - first) {
      return from(all, first);
    }
    return new SelectedImages(
        all,
        left.length,
        i -> left[i],
        all.description() + " without " + places.length + " images spread over it",
        "-/" + places.length);
  }

  /**
   * The first images in another order: any number of them, from the first on, lie about evenly
   * among all.
   *
   * @param count images to show, from the first on
   */
  public static SelectedImages interleaved(Dataset all, int count) {
    int n = Math.min(count, all.size());
    // Steps of about the golden section around a circle leave gaps of three lengths at most.
    long step = Math.max(1, Math.round(n * GOLDEN));
    while (divisor(step, n) != 1) {
      step++;
    }
    long by = step;
    return new SelectedImages(all, n, i -> (int) (i * by % n), all.description(), "*" + by);
  }

  /** All of them, as they are: the data set itself, but to be closed by others. */
  public static SelectedImages all(Dataset all) {
    return new SelectedImages(all, all.size(), i -> i, all.description(), "");
  }

  /**
   * The first images.
   *
   * @param count how many; all of them if there are no more
   */
  public static SelectedImages first(Dataset all, int count) {
    int n = Math.min(count, all.size());
    return new SelectedImages(
        all, n, i -> i, "the first " + n + " images of " + all.description(), "-" + n);
  }

  /**
   * The images from one on.
   *
   * @throws IllegalArgumentException if none is left
   */
  public static SelectedImages from(Dataset all, int first) {
    if (first < 0 || first >= all.size()) {
      throw new IllegalArgumentException("no image from " + first + " on of " + all.size());
    }
    return new SelectedImages(
        all,
        all.size() - first,
        i -> first + i,
        all.description() + " from image " + first + " on",
        "+" + first);
  }

  private static long divisor(long a, long b) {
    return b == 0 ? a : divisor(b, a % b);
  }

  /** The data set that they are of. */
  Dataset shown() {
    return all;
  }

  /** The place of one of them there. */
  int source(int index) {
    return place.applyAsInt(Objects.checkIndex(index, count));
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public String fingerprint() {
    return all.fingerprint() + mark;
  }

  @Override
  public int size() {
    return count;
  }

  @Override
  public boolean labelled() {
    return all.labelled();
  }

  @Override
  public int classCount() {
    return all.classCount();
  }

  @Override
  public int label(int index) {
    return all.label(source(index));
  }

  @Override
  public String name(int index) {
    return all.name(source(index));
  }

  @Override
  public RgbImage read(int index) throws IOException {
    return all.read(source(index));
  }

  @Override
  public void close() {}
}
