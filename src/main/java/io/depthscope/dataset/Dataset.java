package io.depthscope.dataset;

import java.io.IOException;
import java.util.List;

/**
 * An ordered, usually labelled collection of 8-bit RGB images. Implementations are safe to read
 * from several threads.
 */
public interface Dataset extends AutoCloseable {

  /** What the user gave, for tables and the manifest. */
  String description();

  /**
   * SHA-256 (hex) over names, labels and sizes of all images, in order; equal data, equal value.
   */
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

  /**
   * Decodes one image.
   *
   * @throws IOException if it cannot be read; the message names the image and the reason
   */
  RgbImage read(int index) throws IOException;

  @Override
  void close();
}
