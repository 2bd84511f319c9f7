package io.depthscope.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Reads a NumPy file piece by piece, from its first element on. */
public final class NpyReader implements AutoCloseable {
  private final Path file;
  private final FileChannel channel;
  private final NpyHeader header;
  private long at;

  private NpyReader(Path file, FileChannel channel) throws IOException {
    this.file = file;
    this.channel = channel;
    NpyHeader.Found found;
    try {
      byte[] head = new byte[(int) Math.min(NpyHeader.most(), channel.size())];
      fill(ByteBuffer.wrap(head));
      found = NpyHeader.parse(head);
    } catch (IOException e) {
      throw new IOException(file + ": " + FileErrors.reason(e), e);
    }
    this.header = found.header();
    this.at = found.dataAt();
    long needed;
    try {
      needed = Math.multiplyExact(header.size(), (long) header.type().bytes());
    } catch (ArithmeticException e) {
      throw new IOException(file + ": its extents are too large", e);
    }
    if (channel.size() - at != needed) {
      throw new IOException(
          file
              + ": holds "
              + (channel.size() - at)
              + " bytes of data, its extents "
              + header.extents()
              + " need "
              + needed);
    }
  }

  /**
   * Opens a file.
   *
   * @throws IOException naming the file, if it cannot be read or is no sound NumPy file
   */
  public static NpyReader open(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IOException(file + ": is a directory");
    }
    FileChannel channel;
    try {
      channel = FileChannel.open(file, StandardOpenOption.READ);
    } catch (IOException e) {
      throw new IOException(file + ": " + FileErrors.reason(e), e);
    }
    try {
      return new NpyReader(file, channel);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  public NpyHeader header() {
    return header;
  }

  /**
   * The next elements as float32.
   *
   * @throws IOException naming the file, if it ends before them or cannot be read
   */
  public float[] next(int count) throws IOException {
    NpyHeader.Type type = header.type();
    ByteBuffer in = ByteBuffer.allocate(Math.multiplyExact(count, type.bytes()));
    try {
      fill(in);
    } catch (IOException e) {
      throw new IOException(file + ": " + FileErrors.reason(e), e);
    }
    in.flip().order(ByteOrder.LITTLE_ENDIAN);
    float[] out = new float[count];
    for (int i = 0; i < count; i++) {
      out[i] =
          switch (type) {
            case FLOAT32 -> in.getFloat();
            case FLOAT64 -> (float) in.getDouble();
            case UINT8 -> in.get() & 0xff;
            case INT8 -> in.get();
            case UINT16 -> in.getShort() & 0xffff;
            case INT16 -> in.getShort();
            case INT32 -> in.getInt();
            case INT64 -> in.getLong();
          };
    }
    return out;
  }

  /**
   * Leaves elements out.
   *
   * @throws IOException naming the file, if it ends before them
   */
  public void skip(long count) throws IOException {
    at = Math.addExact(at, Math.multiplyExact(count, (long) header.type().bytes()));
    if (at > channel.size()) {
      throw new IOException(file + ": it ends too early");
    }
  }

  private void fill(ByteBuffer to) throws IOException {
    while (to.hasRemaining()) {
      int n = channel.read(to, at);
      if (n < 0) {
        throw new IOException("it ends too early");
      }
      at += n;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
