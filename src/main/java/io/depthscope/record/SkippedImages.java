package io.depthscope.record;

import io.depthscope.dataset.UnreadableImage;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Images that could not be read, as a checkpoint has them. */
final class SkippedImages {
  private static final int MAX_TEXT = 1 << 20;

  private SkippedImages() {}

  /**
   * Writes those before an image.
   *
   * @param next the loader reads ahead: what it met from here on will be met again
   */
  static void write(List<UnreadableImage> skipped, int next, DataOutput out) throws IOException {
    List<UnreadableImage> met = skipped.stream().filter(u -> u.index() < next).toList();
    out.writeInt(met.size());
    for (UnreadableImage u : met) {
      out.writeInt(u.index());
      writeText(out, u.name());
      writeText(out, u.reason());
    }
  }

  /** Replaces a list by a written one. */
  static void read(DataInput in, List<UnreadableImage> to) throws IOException {
    to.clear();
    int n = in.readInt();
    if (n < 0) {
      throw new IOException(n + " unreadable images");
    }
    for (int i = 0; i < n; i++) {
      to.add(new UnreadableImage(in.readInt(), readText(in), readText(in)));
    }
  }

  private static void writeText(DataOutput out, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static String readText(DataInput in) throws IOException {
    int length = in.readInt();
    if (length < 0 || length > MAX_TEXT) {
      throw new IOException("text of " + length + " bytes");
    }
    byte[] bytes = new byte[length];
    in.readFully(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
