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

/** Writes F32 tensors as a safetensors file. Equal input gives equal bytes. */
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
    byte[] header = header(tensors, metadata);
    byte[] length = new byte[Long.BYTES];
    ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length);
    out.write(length);
    out.write(header);
    for (FloatTensor tensor : tensors.values()) {
      byte[] bytes = new byte[Math.multiplyExact(Float.BYTES, tensor.data().length)];
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(tensor.data());
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

  private static byte[] header(Map<String, FloatTensor> tensors, Map<String, String> metadata)
      throws IOException {
    ObjectNode root = JSON.createObjectNode();
    if (!metadata.isEmpty()) {
      ObjectNode entries = root.putObject(SafetensorsHeader.METADATA_KEY);
      metadata.forEach(entries::put);
    }
    long at = 0;
    for (Map.Entry<String, FloatTensor> entry : tensors.entrySet()) {
      if (entry.getKey().equals(SafetensorsHeader.METADATA_KEY)) {
        throw new IllegalArgumentException("a tensor cannot be named " + entry.getKey());
      }
      FloatTensor tensor = entry.getValue();
      ObjectNode node = root.putObject(entry.getKey());
      node.put("dtype", "F32");
      Arrays.stream(tensor.dims()).forEach(node.putArray("shape")::add);
      long end = at + 4L * tensor.data().length;
      node.putArray("data_offsets").add(at).add(end);
      at = end;
    }
    byte[] json = JSON.writeValueAsString(root).getBytes(StandardCharsets.UTF_8);
    // Spaces up to a multiple of 8, so that the tensors are aligned in a mapped file.
    byte[] padded = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
    Arrays.fill(padded, json.length, padded.length, (byte) ' ');
    return padded;
  }
}
