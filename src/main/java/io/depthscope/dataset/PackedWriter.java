package io.depthscope.dataset;

import io.depthscope.file.Sha256;
import io.depthscope.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Writes the file that {@link PackedDataset} reads, image by image: pixels go straight to disk, so
 * memory holds only labels and names.
 *
 * <p>The file appears under its name complete or not at all: it is written beside the target as
 * {@code .NAME.*.partial} and renamed by {@link #finish}. {@link #close} without {@code finish}
 * deletes it, and so does any failure.
 */
public final class PackedWriter implements AutoCloseable {
  private final Path target;
  private final Path partial;
  private final FileChannel channel;
  private final Shape shape;
  private final int classCount;
  private final MessageDigest pixelDigest = Sha256.begin();
  private final ByteArrayOutputStream text = new ByteArrayOutputStream();
  private int[] labels = new int[1024];
  private int count;
  private boolean finished;

  /**
   * Opens the temporary file.
   *
   * @param target the file to create or replace
   * @param shape of every image, 3 channels
   * @param classCount number of classes, above every label
   * @param description of the source data set
   * @param sourceFingerprint of the source data set
   * @param geometry what was done to its images, as {@code Preprocessing.geometryText} tells it
   * @throws IOException if the folder cannot be written
   * @throws IllegalArgumentException for a shape the format does not hold
   */
  public PackedWriter(
      Path target,
      Shape shape,
      int classCount,
      String description,
      String sourceFingerprint,
      String geometry)
      throws IOException {
    if (shape.channels() != 3 || Math.max(shape.height(), shape.width()) > PackedFormat.MAX_EDGE) {
      throw new IllegalArgumentException("cannot pack images of shape " + shape);
    }
    if (classCount < 1) {
      throw new IllegalArgumentException("cannot pack " + classCount + " classes");
    }
    this.target = target.toAbsolutePath();
    this.shape = shape;
    this.classCount = classCount;
    if (Files.isDirectory(this.target)) {
      throw new FileSystemException(target.toString(), null, "is a folder, not a file to write");
    }
    addText(description);
    addText(sourceFingerprint);
    addText(geometry);
    String unique = Long.toHexString(ThreadLocalRandom.current().nextLong());
    partial =
        this.target.resolveSibling("." + this.target.getFileName() + "." + unique + ".partial");
    channel =
        FileChannel.open(partial, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)
            .position(PackedFormat.PIXELS_OFFSET);
  }

  /**
   * Appends one image.
   *
   * @param pixels holds the image's bytes, H x W x 3, from {@code offset} on
   * @throws IOException if the disk refuses them; the file is then gone
   * @throws IllegalArgumentException for a label outside the classes, a name with a NUL or empty,
   *     or too few bytes
   */
  public void add(String name, int label, byte[] pixels, int offset) throws IOException {
    if (finished || !channel.isOpen()) {
      throw new IllegalStateException(target + " is finished");
    }
    if (label < 0 || label >= classCount) {
      throw new IllegalArgumentException(
          name + " has label " + label + " of " + classCount + " classes");
    }
    if (name.isEmpty()) {
      throw new IllegalArgumentException("an image without a name");
    }
    Objects.checkFromIndexSize(offset, shape.size(), pixels.length);
    try {
      if (count == PackedFormat.MAX_COUNT) {
        throw new IOException("more than " + count + " images");
      }
      writeAll(ByteBuffer.wrap(pixels, offset, shape.size()));
    } catch (IOException e) {
      close();
      throw describe(e);
    }
    pixelDigest.update(pixels, offset, shape.size());
    addText(name);
    if (count == labels.length) {
      labels = Arrays.copyOf(labels, 2 * count);
    }
    labels[count++] = label;
  }

  /**
   * Writes labels, names and header and gives the file its name.
   *
   * @throws IOException if that fails or no image was added; nothing is left behind then
   */
  public void finish() throws IOException {
    if (finished) {
      return;
    }
    try {
      if (count == 0) {
        throw new IOException("no image to pack");
      }
      ByteBuffer labelBytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
      labelBytes.asIntBuffer().put(labels, 0, count);
      byte[] textBytes = text.toByteArray();
      if (textBytes.length > PackedFormat.MAX_TEXT_BYTES) {
        throw new IOException("the image names take over 512 MiB");
      }
      long pad = Math.floorMod(-channel.position(), 8L);
      writeAll(ByteBuffer.allocate((int) pad)); // so that numpy sees aligned labels
      long labelsOffset = channel.position();
      long textOffset = labelsOffset + labelBytes.capacity();
      writeAll(labelBytes.duplicate());
      writeAll(ByteBuffer.wrap(textBytes));

      PackedFormat.Header unsigned =
          new PackedFormat.Header(
              count,
              shape.height(),
              shape.width(),
              classCount,
              labelsOffset,
              textOffset,
              textBytes.length,
              pixelDigest.digest(),
              new byte[32]);
      MessageDigest metadata = Sha256.begin();
      metadata.update(unsigned.hashedBytes());
      metadata.update(labelBytes.array());
      metadata.update(textBytes);
      PackedFormat.Header header =
          new PackedFormat.Header(
              count,
              shape.height(),
              shape.width(),
              classCount,
              labelsOffset,
              textOffset,
              textBytes.length,
              unsigned.pixelDigest(),
              metadata.digest());
      channel.position(0);
      writeAll(ByteBuffer.wrap(header.toBytes()));
      channel.force(true);
      channel.close();
      moveIntoPlace();
      finished = true;
    } catch (IOException e) {
      throw describe(e);
    } finally {
      close();
    }
  }

  /** Drops the file unless {@link #finish} succeeded. */
  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      if (!finished) {
        Files.deleteIfExists(partial);
      }
    }
  }

  private void moveIntoPlace() throws IOException {
    try {
      Files.move(
          partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(partial, target, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private IOException describe(IOException cause) {
    String reason = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    return new IOException("cannot write " + target + ": " + reason, cause);
  }

  private void writeAll(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private void addText(String item) {
    if (item.indexOf(0) >= 0) {
      throw new IllegalArgumentException(
          "a NUL in " + HexFormat.of().formatHex(item.getBytes(StandardCharsets.UTF_8)));
    }
    text.writeBytes(item.getBytes(StandardCharsets.UTF_8));
    text.write(0);
  }
}
