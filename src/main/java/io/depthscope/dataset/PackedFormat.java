package io.depthscope.dataset;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Offsets and limits of the packed file, which {@link PackedDataset} documents. */
final class PackedFormat {
  static final byte[] MAGIC = "DSPACKED".getBytes(StandardCharsets.US_ASCII);
  static final int VERSION = 1;
  static final int HEADER_BYTES = 160;
  static final long PIXELS_OFFSET = 4096;

  /** Above this an image of the file would not be a sensible network input. */
  static final int MAX_EDGE = 16_384;

  /** Labels and names are read into memory, so their number and bytes are bounded. */
  static final int MAX_COUNT = 1 << 24;

  static final int MAX_TEXT_BYTES = 1 << 29;

  private PackedFormat() {}

  /** The fixed fields; digests are 32 bytes each. */
  @SuppressWarnings("ArrayRecordComponent") // compared explicitly where needed
  record Header(
      int count,
      int height,
      int width,
      int classCount,
      long labelsOffset,
      long textOffset,
      long textBytes,
      byte[] pixelDigest,
      byte[] metadataDigest) {

    byte[] toBytes() {
      ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      out.put(MAGIC).putInt(VERSION);
      out.putInt(count).putInt(height).putInt(width).putInt(3).putInt(classCount);
      out.putLong(PIXELS_OFFSET).putLong(labelsOffset).putLong(textOffset).putLong(textBytes);
      out.putLong(0).putLong(0).putLong(0).putLong(0); // bytes 64..95, reserved
      out.put(pixelDigest).put(metadataDigest);
      return out.array();
    }

    /** The header as it is hashed: its own digest, the last 32 bytes, left out. */
    byte[] hashedBytes() {
      return Arrays.copyOf(toBytes(), HEADER_BYTES - 32);
    }
  }
}
