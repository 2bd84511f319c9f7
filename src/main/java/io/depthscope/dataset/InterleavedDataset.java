package io.depthscope.dataset;

import java.io.IOException;
import java.util.Objects;

/**
 * The first images of a data set in another order: any number of them, from the first on, lie about
 * evenly among all, a sample of every class where images are sorted by class. It does not close the
 * data set that it shows.
 */
public final class InterleavedDataset implements Dataset {
  private static final double GOLDEN = (Math.sqrt(5) - 1) / 2;

  private final Dataset all;
  private final int count;
  private final long step;

  /**
   * @param count images to show, from the first on
   */
  public InterleavedDataset(Dataset all, int count) {
    this.all = all;
    this.count = Math.min(count, all.size());
    // Steps of about the golden section around a circle leave gaps of three lengths at most.
    long next = Math.max(1, Math.round(this.count * GOLDEN));
    while (divisor(next, this.count) != 1) {
      next++;
    }
    this.step = next;
  }

  private static long divisor(long a, long b) {
    return b == 0 ? a : divisor(b, a % b);
  }

  private int source(int index) {
    return (int) (Objects.checkIndex(index, count) * step % count);
  }

  @Override
  public String description() {
    return all.description();
  }

  @Override
  public String fingerprint() {
    return all.fingerprint() + "*" + step;
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
