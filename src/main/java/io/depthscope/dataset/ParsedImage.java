package io.depthscope.dataset;

import java.io.IOException;

/** An image whose header was understood and whose pixels are not decoded yet. */
interface ParsedImage {
  /** Pixels a row, as the header claims; may be absurd. */
  long width();

  /** Rows, as the header claims; may be absurd. */
  long height();

  /**
   * Decodes the pixels. Called only for sizes that the decoder accepts.
   *
   * @throws IOException if the rest of the file is truncated or damaged; the reason alone
   */
  RgbImage decode() throws IOException;
}
