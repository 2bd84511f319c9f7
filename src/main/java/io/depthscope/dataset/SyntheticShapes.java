package io.depthscope.dataset;

import io.depthscope.file.Sha256;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/**
 * Labelled images made by code: 32x32 RGB, ten classes of shapes and textures ({@link #CLASSES}),
 * so that a network can be trained and measured without downloading anything.
 *
 * <p>An image is a pure function of (seed, split, index): the arithmetic is IEEE double with {@link
 * StrictMath}, the random numbers are integer hashes, so the same bytes come out on every machine.
 * Labels cycle, {@code index mod 10}, so any run of images is balanced. Colours, position, scale,
 * rotation, contrast, distractors, occlusion and noise vary so much that small networks do not
 * reach 100 %.
 */
public final class SyntheticShapes implements Dataset {
  /** Edge of the square images, pixels. */
  public static final int EDGE = 32;

  /** The seed of {@code synthetic:N}. */
  public static final long DEFAULT_SEED = 2104_11849L;

  /** Class names, in label order. */
  public static final List<String> CLASSES =
      List.of(
          "disc",
          "ring",
          "square",
          "triangle",
          "cross",
          "horizontal-stripes",
          "vertical-stripes",
          "diagonal-stripes",
          "checkerboard",
          "blobs");

  /** Two disjoint sequences of images from one seed. */
  public enum Split {
    TRAIN("train", 0),
    TEST("test", 1);

    private final String text;
    private final int stream; // tells the splits' random numbers apart

    Split(String text, int stream) {
      this.text = text;
      this.stream = stream;
    }

    /** Name as the user types it. */
    public String text() {
      return text;
    }
  }

  // Raise this when the pictures change, so that old fingerprints no longer match.
  private static final int VERSION = 1;

  private final Split split;
  private final int count;
  private final long seed;

  /**
   * @throws IllegalArgumentException if {@code count} is not positive
   */
  public SyntheticShapes(Split split, int count, long seed) {
    if (count < 1) {
      throw new IllegalArgumentException("synthetic data set of " + count + " images");
    }
    this.split = split;
    this.count = count;
    this.seed = seed;
  }

  @Override
  public String description() {
    return "synthetic:" + count + ":" + split.text();
  }

  @Override
  public String fingerprint() {
    String identity = "synthetic shapes " + VERSION + " " + seed + " " + split.text() + " " + count;
    return Sha256.hex(Sha256.begin().digest(identity.getBytes(StandardCharsets.UTF_8)));
  }

  @Override
  public int size() {
    return count;
  }

  @Override
  public int classCount() {
    return CLASSES.size();
  }

  @Override
  public int label(int index) {
    return Math.floorMod(checkIndex(index), CLASSES.size());
  }

  @Override
  public String name(int index) {
    return split.text() + ":" + checkIndex(index);
  }

  @Override
  public RgbImage read(int index) {
    int label = label(index);
    HashedRandom random = new HashedRandom(seed, split.stream, index);
    return new RgbImage(EDGE, EDGE, SyntheticScene.draw(label, random).toBytes(random));
  }

  @Override
  public void close() {}

  private int checkIndex(int index) {
    return Objects.checkIndex(index, count);
  }
}
