package io.depthscope.file;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes a NumPy file piece by piece. */
public final class NpyWriter implements AutoCloseable {
  private final Path file;
  private final NpyHeader.Type type;
  private final OutputStream out;
  private long left;

  /**
   * @throws IOException naming the file, if it cannot be written
   */
  public NpyWriter(Path file, NpyHeader header) throws IOException {
    this.file = file;
    this.type = header.type();
    this.left = header.size();
    try {
      this.out = new BufferedOutputStream(Files.newOutputStream(file));
      out.write(header.bytes());
    } catch (IOException e) {
      throw new IOException(file + ": " + FileErrors.reason(e), e);
    }
  }

  /**
   * Writes the next elements of a file of floats.
   *
   * @throws IOException naming the file, if it cannot be written
   */
  public void write(float[] values) throws IOException {
    ByteBuffer bytes = buffer(values.length);
    for (float v : values) {
      bytes.putFloat(v);
    }
    write(bytes);
  }

  /**
   * Writes the next elements of a file of integers, which must fit its type.
   *
   * @throws IOException naming the file, if it cannot be written
   */
  public void write(long[] values) throws IOException {
    ByteBuffer bytes = buffer(values.length);
    for (long v : values) {
      switch (type.bytes()) {
        case 1 -> bytes.put((byte) v);
        case 2 -> bytes.putShort((short) v);
        case 4 -> bytes.putInt((int) v);
        default -> bytes.putLong(v);
      }
    }
    write(bytes);
  }

  private ByteBuffer buffer(int elements) {
    left -= elements;
    return ByteBuffer.allocate(Math.multiplyExact(elements, type.bytes()))
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  private void write(ByteBuffer bytes) throws IOException {
    try {
      out.write(bytes.array());
    } catch (IOException e) {
      throw new IOException(file + ": " + FileErrors.reason(e), e);
    }
  }

  /**
   * Says that all has been written.
   *
   * @throws IllegalStateException if fewer or more elements were written than the header says
   */
  public void finish() {
    if (left != 0) {
      throw new IllegalStateException(file + ": " + left + " elements are missing");
    }
  }

  @Override
  public void close() throws IOException {
    try {
      out.close();
    } catch (IOException e) {
      throw new IOException(file + ": " + FileErrors.reason(e), e);
    }
  }
}
