package io.depthscope.dataset;

import java.io.IOException;

/**
 * An ordered, usually labelled collection of 8-bit RGB images. Implementations are safe to read
 * from several threads. The fingerprint is taken over names, labels and sizes of all images.
 */
public interface Dataset extends Samples {

  /**
   * Decodes one image.
   *
   * @throws IOException if it cannot be read; the message names the image and the reason
   */
  RgbImage read(int index) throws IOException;
}
