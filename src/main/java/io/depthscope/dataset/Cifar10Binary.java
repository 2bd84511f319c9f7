package io.depthscope.dataset;

import io.depthscope.file.FileErrors;
import io.depthscope.file.Sha256;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * CIFAR-10 in its binary form: records of one label byte and 3,072 pixel bytes, the red, green and
 * blue planes of a 32x32 image. The files are memory-mapped.
 *
 * <p>The fingerprint is SHA-256 over each file's name and content.
 */
public final class Cifar10Binary implements Dataset {
  /** Edge of the square images, pixels. */
  public static final int EDGE = 32;

  private static final int PLANE = EDGE * EDGE;
  private static final int RECORD = 1 + 3 * PLANE;
  private static final int CLASSES = 10;
  private static final int MAX_BATCHES = 5;

  private record Batch(String name, int firstIndex, int count, MemorySegment bytes) {}

  private final String description;
  private final Arena arena = Arena.ofShared();
  private final List<Batch> batches = new ArrayList<>();
  private final int size;
  private final List<String> notices;

  private Cifar10Binary(String description, List<Path> files, List<String> notices)
      throws IOException {
    this.description = description;
    this.notices = List.copyOf(notices);
    boolean opened = false;
    try {
      int total = 0;
      for (Path file : files) {
        Batch batch = map(file, total);
        batches.add(batch);
        total = Math.addExact(total, batch.count());
      }
      size = total;
      opened = true;
    } finally {
      if (!opened) {
        arena.close();
      }
    }
  }

  /**
   * Opens one .bin file.
   *
   * @throws IOException if its size is no positive multiple of 3,073 or a label is above 9
   */
  public static Cifar10Binary ofFile(Path file) throws IOException {
    return new Cifar10Binary(file.toString(), List.of(file), List.of());
  }

  /** The test images, test_batch.bin, of a folder. */
  public static Cifar10Binary testOf(Path folder) throws IOException {
    return new Cifar10Binary(
        folder.toString(), List.of(folder.resolve("test_batch.bin")), List.of());
  }

  /** The training images of a folder, data_batch_1.bin to data_batch_5.bin as far as present. */
  public static Cifar10Binary trainOf(Path folder) throws IOException {
    List<Path> files = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    for (int i = 1; i <= MAX_BATCHES; i++) {
      Path file = folder.resolve("data_batch_" + i + ".bin");
      if (Files.exists(file)) {
        files.add(file);
      } else {
        missing.add("data_batch_" + i + ".bin");
      }
    }
    if (files.isEmpty()) {
      throw new IOException(folder + ": no data_batch_1.bin .. data_batch_5.bin");
    }
    List<String> notices =
        missing.isEmpty() ? List.of() : List.of("not there: " + String.join(", ", missing));
    return new Cifar10Binary(folder + ":train", files, notices);
  }

  /** Tells whether a folder holds CIFAR-10 batches. */
  static boolean isCifarFolder(Path folder) {
    return Files.isRegularFile(folder.resolve("test_batch.bin"))
        || IntStream.rangeClosed(1, MAX_BATCHES)
            .anyMatch(i -> Files.isRegularFile(folder.resolve("data_batch_" + i + ".bin")));
  }

  private Batch map(Path file, int firstIndex) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException(
          file + ": " + (Files.exists(file) ? "not a regular file" : FileErrors.whyMissing(file)));
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long length = channel.size();
      if (length == 0 || length % RECORD != 0) {
        throw new IOException(
            file + ": " + length + " bytes are no CIFAR-10 batch (a multiple of " + RECORD + ")");
      }
      if (length / RECORD > Integer.MAX_VALUE / 8) {
        throw new IOException(file + ": too large for a CIFAR-10 batch");
      }
      int count = (int) (length / RECORD);
      MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, length, arena);
      for (int i = 0; i < count; i++) {
        int label = bytes.get(ValueLayout.JAVA_BYTE, (long) i * RECORD) & 0xff;
        if (label >= CLASSES) {
          throw new IOException(file + ": label " + label + " of image " + i + " is above 9");
        }
      }
      return new Batch(file.getFileName().toString(), firstIndex, count, bytes);
    } catch (FileSystemException e) {
      throw new IOException(file + ": " + FileErrors.reason(e), e);
    }
  }

  private Batch batchOf(int index) {
    Objects.checkIndex(index, size);
    for (Batch batch : batches) {
      if (index < batch.firstIndex() + batch.count()) {
        return batch;
      }
    }
    throw new AssertionError("index " + index + " of " + size);
  }

  private static long offset(Batch batch, int index) {
    return (long) (index - batch.firstIndex()) * RECORD;
  }

  @Override
  public List<String> notices() {
    return notices;
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public String fingerprint() {
    MessageDigest digest = Sha256.begin();
    for (Batch batch : batches) {
      Fingerprints.addLine(digest, batch.name() + " " + batch.count());
      for (int i = 0; i < batch.count(); i++) {
        digest.update(batch.bytes().asSlice((long) i * RECORD, RECORD).asByteBuffer());
      }
    }
    return Sha256.hex(digest.digest());
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public int classCount() {
    return CLASSES;
  }

  @Override
  public int label(int index) {
    Batch batch = batchOf(index);
    return batch.bytes().get(ValueLayout.JAVA_BYTE, offset(batch, index));
  }

  /** File name and position in the file, such as {@code test_batch.bin:17}. */
  @Override
  public String name(int index) {
    Batch batch = batchOf(index);
    return batch.name() + ":" + (index - batch.firstIndex());
  }

  @Override
  public RgbImage read(int index) {
    Batch batch = batchOf(index);
    byte[] planes = new byte[3 * PLANE];
    MemorySegment.copy(
        batch.bytes(), ValueLayout.JAVA_BYTE, offset(batch, index) + 1, planes, 0, planes.length);
    byte[] rgb = new byte[planes.length];
    for (int i = 0; i < PLANE; i++) {
      rgb[3 * i] = planes[i];
      rgb[3 * i + 1] = planes[PLANE + i];
      rgb[3 * i + 2] = planes[2 * PLANE + i];
    }
    return new RgbImage(EDGE, EDGE, rgb);
  }

  /** Unmaps the files; reading afterwards throws IllegalStateException. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
