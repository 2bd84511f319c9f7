package io.depthscope.dataset;

import java.io.IOException;
import java.util.Objects;

/**
 * Some images of a data set, taken at equal distances: a sample of every class where images are
 * sorted by class. It does not close the data set that it shows.
 */
public final class SpreadDataset implements Dataset {
  private final Dataset all;
  private final int count;

  /**
   * @param count images to take; all of them if there are no more
   * @throws IllegalArgumentException if {@code count} is not positive
   */
  public SpreadDataset(Dataset all, int count) {
    if (count < 1) {
      throw new IllegalArgumentException(count + " images of a data set");
    }
    this.all = all;
    this.count = Math.min(count, all.size());
  }

  private int source(int index) {
    return (int) ((long) Objects.checkIndex(index, count) * all.size() / count);
  }

  @Override
  public String description() {
    return count + " images spread over " + all.description();
  }

  @Override
  public String fingerprint() {
    return all.fingerprint() + "/" + count;
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
