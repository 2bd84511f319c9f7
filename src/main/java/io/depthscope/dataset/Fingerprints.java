package io.depthscope.dataset;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** What goes into the fingerprints of data sets. */
final class Fingerprints {
  private Fingerprints() {}

  /** Adds one line of text, so that neighbouring fields cannot run into each other. */
  static void addLine(MessageDigest digest, String text) {
    digest.update(text.getBytes(StandardCharsets.UTF_8));
    digest.update((byte) 0);
  }
}
