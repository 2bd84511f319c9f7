package io.depthscope.graph.exchange;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.depthscope.tensor.FloatTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/** Writes tensors as a safetensors file. Equal input gives equal bytes. */
public final class SafetensorsWriter {
  private static final JsonMapper JSON = new JsonMapper();

  private SafetensorsWriter() {}

  /**
   * Writes the tensors in the map's iteration order.
   *
   * @throws IllegalArgumentException if a tensor has the reserved name {@code __metadata__}
   */
  public static void write(
      OutputStream out, Map<String, FloatTensor> tensors, Map<String, String> metadata)
      throws IOException {
    write(out, tensors, Map.of(), metadata);
  }

  /**
   * Writes tensors of float32, and behind them tables of int32.
   *
   * @throws IllegalArgumentException if one has the reserved name, or two have the same
   */
  static void write(
      OutputStream out,
      Map<String, FloatTensor> tensors,
      Map<String, int[]> tables,
      Map<String, String> metadata)
      throws IOException {
    byte[] header = header(tensors, tables, metadata);
    byte[] length = new byte[Long.BYTES];
    ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length);
    out.write(length);
    out.write(header);
    for (FloatTensor tensor : tensors.values()) {
      byte[] bytes = new byte[Math.multiplyExact(Float.BYTES, tensor.data().length)];
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(tensor.data());
      out.write(bytes);
    }
    for (int[] table : tables.values()) {
      byte[] bytes = new byte[Math.multiplyExact(Integer.BYTES, table.length)];
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().put(table);
      out.write(bytes);
    }
  }

  /** The file's bytes; see {@link #write}. */
  public static byte[] encode(Map<String, FloatTensor> tensors, Map<String, String> metadata) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      write(out, tensors, metadata);
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    return out.toByteArray();
  }

  private static byte[] header(
      Map<String, FloatTensor> tensors, Map<String, int[]> tables, Map<String, String> metadata)
      throws IOException {
    ObjectNode root = JSON.createObjectNode();
    if (!metadata.isEmpty()) {
      ObjectNode entries = root.putObject(SafetensorsHeader.METADATA_KEY);
      metadata.forEach(entries::put);
    }
    long at = 0;
    for (Map.Entry<String, FloatTensor> e : tensors.entrySet()) {
      at = entry(root, e.getKey(), "F32", at, e.getValue().dims());
    }
    for (Map.Entry<String, int[]> e : tables.entrySet()) {
      at = entry(root, e.getKey(), "I32", at, e.getValue().length);
    }
    byte[] json = JSON.writeValueAsString(root).getBytes(StandardCharsets.UTF_8);
    // Spaces up to a multiple of 8, so that the tensors are aligned in a mapped file.
    byte[] padded = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
    Arrays.fill(padded, json.length, padded.length, (byte) ' ');
    return padded;
  }

  /** Where a tensor of four bytes an element ends that begins at a place. */
  private static long entry(ObjectNode root, String name, String type, long at, int... dims) {
    if (name.equals(SafetensorsHeader.METADATA_KEY)) {
      throw new IllegalArgumentException("a tensor cannot be named " + name);
    }
    if (root.has(name)) {
      throw new IllegalArgumentException("two tensors are named " + name);
    }
    ObjectNode node = root.putObject(name);
    node.put("dtype", type);
    Arrays.stream(dims).forEach(node.putArray("shape")::add);
    long end = at + 4 * FloatTensor.elements(dims);
    node.putArray("data_offsets").add(at).add(end);
    return end;
  }
}
