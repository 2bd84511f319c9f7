package io.depthscope.dataset;

import java.io.IOException;

/** The images of a data set from one on. It does not close the data set that it shows. */
public final class LaterImages implements Dataset {
  private final Dataset all;
  private final int first;

  /**
   * @throws IllegalArgumentException if no image is left
   */
  public LaterImages(Dataset all, int first) {
    if (first < 0 || first >= all.size()) {
      throw new IllegalArgumentException("no image from " + first + " on of " + all.size());
    }
    this.all = all;
    this.first = first;
  }

  @Override
  public String description() {
    return all.description() + " from image " + first + " on";
  }

  @Override
  public String fingerprint() {
    return all.fingerprint() + "+" + first;
  }

  @Override
  public int size() {
    return all.size() - first;
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
    return all.label(first + index);
  }

  @Override
  public String name(int index) {
    return all.name(first + index);
  }

  @Override
  public RgbImage read(int index) throws IOException {
    return all.read(first + index);
  }

  @Override
  public void close() {}
}
