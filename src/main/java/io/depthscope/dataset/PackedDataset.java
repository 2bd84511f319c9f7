package io.depthscope.dataset;

import io.depthscope.file.Sha256;
import io.depthscope.tensor.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Objects;

/**
 * Preprocessed images in one memory-mapped file, written by {@link PackedWriter}. All numbers are
 * little-endian:
 *
 * <pre>
 *   0   8 bytes  "DSPACKED"
 *   8   u32      version, 1
 *  12   u32      count N
 *  16   u32      height H
 *  20   u32      width W
 *  24   u32      channels, 3
 *  28   u32      number of classes
 *  32   u64      offset of the pixels, 4096
 *  40   u64      offset of the labels, a multiple of 8
 *  48   u64      offset of the text, right after the labels
 *  56   u64      bytes of the text, up to the end of the file
 *  64   32 bytes zero
 *  96   32 bytes SHA-256 of the pixels
 * 128   32 bytes SHA-256 of bytes 0..127, the labels and the text
 * 4096  pixels, uint8 [N, H, W, 3], R G B
 *       labels, int32 [N]
 *       text, UTF-8, NUL after each item: source description, source fingerprint, geometry, N names
 * </pre>
 *
 * In numpy, with {@code n, h, w} from the header:
 *
 * <pre>
 *   n, h, w = np.fromfile(path, '&lt;u4', 3, offset=12)
 *   labels_at = int(np.fromfile(path, '&lt;u8', 1, offset=40)[0])
 *   pixels = np.memmap(path, np.uint8, 'r', 4096, (n, h, w, 3))
 *   labels = np.memmap(path, '&lt;i4', 'r', labels_at, (n,))
 * </pre>
 *
 * <p>Opening checks everything but the pixels' hash, which {@link #verifyPixels} checks. The
 * fingerprint is the metadata's hash, which covers the pixels' hash.
 */
public final class PackedDataset implements Dataset {
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int FIXED_TEXTS = 3;

  private final Path file;
  private final Arena arena;
  private final MemorySegment bytes;
  private final PackedFormat.Header header;
  private final Shape shape;
  private final int[] labels;
  private final byte[] text;
  private final int[] textStarts;

  /**
   * Maps the file and checks it.
   *
   * @throws IOException if it cannot be read or is damaged; the message names file and reason
   */
  public PackedDataset(Path file) throws IOException {
    this.file = file;
    this.arena = Arena.ofShared();
    boolean opened = false;
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      header = readHeader();
      shape = new Shape(header.height(), header.width(), 3);
      labels = new int[header.count()];
      MemorySegment.copy(bytes, U32, header.labelsOffset(), labels, 0, labels.length);
      text = new byte[(int) header.textBytes()];
      MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, header.textOffset(), text, 0, text.length);
      checkMetadata();
      textStarts = splitText();
      for (int i = 0; i < labels.length; i++) {
        check(labels[i] >= 0 && labels[i] < header.classCount(), "label " + labels[i]);
      }
      opened = true;
    } finally {
      if (!opened) {
        arena.close();
      }
    }
  }

  /** Tells whether a file starts like a packed data set; false for anything unreadable. */
  public static boolean isPacked(Path file) {
    if (!Files.isRegularFile(file)) {
      return false;
    }
    try (var in = Files.newInputStream(file)) {
      return Arrays.equals(in.readNBytes(PackedFormat.MAGIC.length), PackedFormat.MAGIC);
    } catch (IOException e) {
      return false;
    }
  }

  private PackedFormat.Header readHeader() throws IOException {
    long size = bytes.byteSize();
    check(size >= PackedFormat.PIXELS_OFFSET, "only " + size + " bytes");
    byte[] magic = bytes.asSlice(0, PackedFormat.MAGIC.length).toArray(ValueLayout.JAVA_BYTE);
    check(Arrays.equals(magic, PackedFormat.MAGIC), "not a packed data set");
    int version = bytes.get(U32, 8);
    check(version == PackedFormat.VERSION, "version " + Integer.toUnsignedString(version));
    int count = bytes.get(U32, 12);
    int height = bytes.get(U32, 16);
    int width = bytes.get(U32, 20);
    int channels = bytes.get(U32, 24);
    int classCount = bytes.get(U32, 28);
    check(
        count > 0 && count <= PackedFormat.MAX_COUNT,
        "image count " + Integer.toUnsignedString(count));
    check(
        edge(height) && edge(width) && channels == 3,
        "image shape "
            + Integer.toUnsignedString(height)
            + "x"
            + Integer.toUnsignedString(width)
            + "x"
            + Integer.toUnsignedString(channels));
    check(classCount > 0, "class count " + Integer.toUnsignedString(classCount));
    check(bytes.get(U64, 32) == PackedFormat.PIXELS_OFFSET, "pixels at a wrong offset");

    // No product can overflow: count <= 2^24, height and width <= 2^14.
    long pixelsEnd = PackedFormat.PIXELS_OFFSET + 3L * height * width * count;
    long labelsOffset = (pixelsEnd + 7) / 8 * 8;
    long textOffset = labelsOffset + 4L * count;
    long textBytes = size - textOffset;
    check(textBytes > 0, size + " bytes are too few for " + count + " images; truncated?");
    check(textBytes <= PackedFormat.MAX_TEXT_BYTES, "text of " + textBytes + " bytes");
    check(bytes.get(U64, 40) == labelsOffset, "labels at a wrong offset");
    check(bytes.get(U64, 48) == textOffset, "text at a wrong offset");
    check(bytes.get(U64, 56) == textBytes, "text of a wrong length; truncated?");
    return new PackedFormat.Header(
        count,
        height,
        width,
        classCount,
        labelsOffset,
        textOffset,
        textBytes,
        bytes.asSlice(96, 32).toArray(ValueLayout.JAVA_BYTE),
        bytes.asSlice(128, 32).toArray(ValueLayout.JAVA_BYTE));
  }

  private static boolean edge(int extent) {
    return extent > 0 && extent <= PackedFormat.MAX_EDGE;
  }

  private void checkMetadata() throws IOException {
    MessageDigest digest = Sha256.begin();
    digest.update(bytes.asSlice(0, PackedFormat.HEADER_BYTES - 32).asByteBuffer());
    digest.update(bytes.asSlice(header.labelsOffset(), 4L * header.count()).asByteBuffer());
    digest.update(text);
    check(
        Arrays.equals(digest.digest(), header.metadataDigest()),
        "header, labels or names are damaged");
  }

  /** Start of every item of the text, and the end. */
  private int[] splitText() throws IOException {
    int items = header.count() + FIXED_TEXTS;
    check(items <= text.length, text.length + " bytes of text for " + items + " items");
    int[] starts = new int[items + 1];
    int found = 0;
    for (int i = 0; i < text.length; i++) {
      if (text[i] == 0) {
        check(found < items, "more names than images");
        starts[++found] = i + 1;
      }
    }
    check(found == items && starts[items] == text.length, "fewer names than images");
    try {
      for (int i = 0; i < items; i++) {
        StandardCharsets.UTF_8
            .newDecoder()
            .decode(ByteBuffer.wrap(text, starts[i], starts[i + 1] - 1 - starts[i]));
      }
    } catch (CharacterCodingException e) {
      throw new IOException(file + ": not a usable packed data set: names are not UTF-8", e);
    }
    return starts;
  }

  private void check(boolean condition, String reason) throws IOException {
    if (!condition) {
      throw new IOException(file + ": not a usable packed data set: " + reason);
    }
  }

  private String textItem(int item) {
    int start = textStarts[item];
    return new String(text, start, textStarts[item + 1] - 1 - start, StandardCharsets.UTF_8);
  }

  /** Shape of every image. */
  public Shape shape() {
    return shape;
  }

  /** Description of the data set that was packed. */
  public String sourceDescription() {
    return textItem(0);
  }

  /** Fingerprint of the data set that was packed. */
  public String sourceFingerprint() {
    return textItem(1);
  }

  /** What was done to the images before packing, as {@code Preprocessing.geometryText} tells it. */
  public String geometryText() {
    return textItem(2);
  }

  /**
   * Reads all pixels and compares their hash.
   *
   * @throws IOException if they differ from what was written
   */
  public void verifyPixels() throws IOException {
    MessageDigest digest = Sha256.begin();
    long imageBytes = shape.size();
    for (int i = 0; i < header.count(); i++) {
      digest.update(
          bytes.asSlice(PackedFormat.PIXELS_OFFSET + i * imageBytes, imageBytes).asByteBuffer());
    }
    check(Arrays.equals(digest.digest(), header.pixelDigest()), "pixels are damaged");
  }

  /** Copies an image's H x W x 3 bytes to {@code to}, starting at {@code offset}. */
  public void copyPixels(int index, byte[] to, int offset) {
    Objects.checkIndex(index, header.count());
    MemorySegment.copy(
        bytes,
        ValueLayout.JAVA_BYTE,
        PackedFormat.PIXELS_OFFSET + (long) index * shape.size(),
        to,
        offset,
        shape.size());
  }

  @Override
  public String description() {
    return file.toString();
  }

  @Override
  public String fingerprint() {
    return Sha256.hex(header.metadataDigest());
  }

  @Override
  public int size() {
    return header.count();
  }

  @Override
  public int classCount() {
    return header.classCount();
  }

  @Override
  public int label(int index) {
    return labels[index];
  }

  @Override
  public String name(int index) {
    return textItem(FIXED_TEXTS + Objects.checkIndex(index, header.count()));
  }

  @Override
  public RgbImage read(int index) {
    byte[] pixels = new byte[shape.size()];
    copyPixels(index, pixels, 0);
    return new RgbImage(shape.width(), shape.height(), pixels);
  }

  /** Unmaps the file; reading afterwards throws IllegalStateException. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
