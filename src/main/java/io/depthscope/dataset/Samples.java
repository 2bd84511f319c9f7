package io.depthscope.dataset;

import java.util.List;

/**
 * What a network is measured on, in an order: the images of a {@link Dataset}, or inputs that are
 * used as they are.
 */
public interface Samples extends AutoCloseable {

  /** What the user gave, for tables and the manifest. */
  String description();

  /** SHA-256 (hex) that equal data share, in the same order. */
  String fingerprint();

  int size();

  /** What lies beside the images and was left out, a line a kind; empty if nothing was. */
  default List<String> notices() {
    return List.of();
  }

  /** False where nothing tells what the images show: their labels say nothing then. */
  default boolean labelled() {
    return true;
  }

  /** Number of classes; every label is below it. */
  int classCount();

  /** Class index of image {@code index}. */
  int label(int index);

  /** Stable name of image {@code index}: a relative path, or a position such as {@code test:17}. */
  String name(int index);

  @Override
  void close();
}
