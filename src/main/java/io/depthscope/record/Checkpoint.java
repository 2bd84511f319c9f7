package io.depthscope.record;

import io.depthscope.file.FileErrors;
import java.io.ByteArrayInputStream;
import java.io.DataInput;
import java.io.DataInputStream;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;

/**
 * The state of an interrupted run on disk: magic, version, the settings it was made with, the
 * length of the predictions written so far, what was gathered, and a CRC-32 of all before it.
 */
final class Checkpoint {
  /** What was gathered, exactly. */
  interface State {
    void write(DataOutput out) throws IOException;

    /**
     * Replaces the state by a written one.
     *
     * @throws IOException if it is truncated or belongs to another network
     */
    void read(DataInput in) throws IOException;
  }

  private static final int MAGIC = 0x44534350; // "DSCP"
  private static final int VERSION = 3;
  private static final int CRC_BYTES = 8;
  private static final long MAX_BYTES = 1L << 30;

  private final byte[] body;
  private final int stateOffset;
  private final Map<String, String> identity;
  private final long predictionBytes;

  private Checkpoint(byte[] body, int stateOffset, Map<String, String> identity, long predictions) {
    this.body = body;
    this.stateOffset = stateOffset;
    this.identity = identity;
    this.predictionBytes = predictions;
  }

  static void write(Path file, Map<String, String> identity, long predictionBytes, State state)
      throws IOException {
    AtomicFile.write(
        file,
        raw -> {
          CheckedOutputStream checked = new CheckedOutputStream(raw, new CRC32());
          DataOutputStream out = new DataOutputStream(checked);
          out.writeInt(MAGIC);
          out.writeInt(VERSION);
          out.writeInt(identity.size());
          for (Map.Entry<String, String> e : identity.entrySet()) {
            text(out, e.getKey());
            text(out, e.getValue());
          }
          out.writeLong(predictionBytes);
          state.write(out);
          out.writeLong(checked.getChecksum().getValue());
          out.flush();
        });
  }

  /**
   * Reads a checkpoint, all but its state.
   *
   * @throws IOException naming the file, if it is damaged
   */
  static Checkpoint read(Path file) throws IOException {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new IOException("too large");
      }
      byte[] bytes = Files.readAllBytes(file);
      if (bytes.length < CRC_BYTES) {
        throw new IOException("truncated");
      }
      int length = bytes.length - CRC_BYTES;
      CRC32 crc = new CRC32();
      crc.update(bytes, 0, length);
      DataInputStream tail =
          new DataInputStream(new ByteArrayInputStream(bytes, length, CRC_BYTES));
      if (tail.readLong() != crc.getValue()) {
        throw new IOException("its checksum is wrong");
      }
      ByteArrayInputStream source = new ByteArrayInputStream(bytes, 0, length);
      DataInputStream in = new DataInputStream(source);
      if (in.readInt() != MAGIC || in.readInt() != VERSION) {
        throw new IOException("not a checkpoint of this version");
      }
      Map<String, String> identity = new TreeMap<>();
      int entries = in.readInt();
      for (int i = 0; i < entries; i++) {
        identity.put(text(in), text(in));
      }
      long predictions = in.readLong();
      return new Checkpoint(bytes, length - source.available(), identity, predictions);
    } catch (EOFException e) {
      throw damaged(file, new IOException("truncated", e));
    } catch (IOException e) {
      throw damaged(file, e);
    }
  }

  /** True for a file that begins as a checkpoint of any version. */
  static boolean isOne(Path file) {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    try (DataInputStream in = new DataInputStream(Files.newInputStream(file))) {
      return in.readInt() == MAGIC;
    } catch (IOException e) {
      return false;
    }
  }

  static IOException damaged(Path file, IOException e) {
    return new IOException(
        file
            + ": damaged checkpoint: "
            + FileErrors.reason(e)
            + "; nothing is changed, --overwrite starts anew",
        e);
  }

  /**
   * Refuses to continue what was begun with other settings.
   *
   * @throws IOException naming the folder and the settings
   */
  void requireSame(Path directory, Map<String, String> current) throws IOException {
    List<String> differences = new ArrayList<>();
    for (Map.Entry<String, String> e : current.entrySet()) {
      String was = identity.get(e.getKey());
      if (!e.getValue().equals(was)) {
        differences.add(e.getKey() + ": was " + was + ", is " + e.getValue());
      }
    }
    if (!differences.isEmpty()) {
      throw new IOException(
          directory
              + " was begun with other settings ("
              + String.join("; ", differences)
              + "); use those, or start anew with --overwrite");
    }
  }

  long predictionBytes() {
    return predictionBytes;
  }

  /** Fills in the state of the program that is to continue. */
  void restore(State state) throws IOException {
    ByteArrayInputStream in =
        new ByteArrayInputStream(body, stateOffset, body.length - CRC_BYTES - stateOffset);
    state.read(new DataInputStream(in));
    if (in.available() > 0) {
      throw new IOException(in.available() + " bytes too many");
    }
  }

  private static void text(DataOutputStream out, String s) throws IOException {
    byte[] bytes = s.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static String text(DataInputStream in) throws IOException {
    int length = in.readInt();
    if (length < 0 || length > in.available()) {
      throw new IOException("text of " + length + " bytes");
    }
    byte[] bytes = new byte[length];
    in.readFully(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
