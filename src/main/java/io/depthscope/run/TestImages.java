package io.depthscope.run;

import io.depthscope.dataset.Samples;
import io.depthscope.dataset.UnreadableImage;
import java.util.List;

/**
 * The images a network is measured on.
 *
 * @param <D> where they are read from
 * @param count images to run, from the first on
 * @param labelled whether it is known what they show, and counts
 * @param strict an unreadable image ends the run instead of being skipped
 * @param seed of synthetic images
 * @param source where they really come from, if {@code data} is a copy of them
 */
public record TestImages<D extends Samples>(
    D data, int count, boolean labelled, boolean strict, long seed, Source source) {

  /**
   * Where images come from.
   *
   * @param notices what lies beside them and was left out
   * @param skipped images that could not be copied
   */
  public record Source(
      String description, String fingerprint, List<String> notices, List<UnreadableImage> skipped) {
    public Source {
      notices = List.copyOf(notices);
      skipped = List.copyOf(skipped);
    }

    static Source of(Samples data, List<UnreadableImage> skipped) {
      return new Source(data.description(), data.fingerprint(), data.notices(), skipped);
    }
  }

  /** Images of a data set that is no copy. */
  public TestImages(D data, int count, boolean strict, long seed) {
    this(data, count, data.labelled(), strict, seed, Source.of(data, List.of()));
  }

  /** The first of these images, at most this many. */
  public TestImages<D> first(int most) {
    return new TestImages<>(data, Math.min(count, most), labelled, strict, seed, source);
  }

  /** The same images, of which nobody asks what they show. */
  public TestImages<D> withoutLabels() {
    return new TestImages<>(data, count, false, strict, seed, source);
  }

  /** The same images from a copy, which may lack those that could not be copied. */
  <C extends Samples> TestImages<C> copiedTo(C copy, List<UnreadableImage> lost) {
    return new TestImages<>(
        copy, Math.min(count, copy.size()), labelled, strict, seed, Source.of(data, lost));
  }
}
