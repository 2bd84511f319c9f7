package io.depthscope.graph.exchange.keras;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.depthscope.file.JsonErrors;
import io.depthscope.graph.exchange.ModelFormatException;
import io.depthscope.graph.exchange.lowering.Refused;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * An open Keras file.
 *
 * @param config of the model: {@code class_name} and {@code config}
 * @param major version of Keras that wrote it; 2 where the file does not say
 */
record KerasFile(JsonNode config, int major, Weights weights, Hdf5 hdf5) implements AutoCloseable {
  private static final String CONFIG = "config.json";
  private static final String METADATA = "metadata.json";
  private static final String WEIGHTS = "model.weights.h5";
  private static final int USUAL_MAJOR = 2;
  private static final int NESTED = 200;

  /** Entries of an archive may be so many times as large as all of it, and some more. */
  private static final long MOST_INFLATED = 16;

  private static final long SPARE = 16L << 20;

  private static final JsonMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(NESTED).build())
                  .build())
          .build();

  /**
   * Opens a file.
   *
   * @param name for messages
   * @throws ModelFormatException if it is no Keras file, or holds no model
   */
  static KerasFile open(String name, byte[] bytes) throws ModelFormatException {
    try {
      return bytes.length > 1 && bytes[0] == 'P' && bytes[1] == 'K' ? archive(bytes) : hdf5(bytes);
    } catch (Refused e) {
      throw new ModelFormatException(name, e.getMessage(), e);
    } catch (IOException e) {
      throw new ModelFormatException(name, "is no sound zip archive: " + e.getMessage(), e);
    }
  }

  private static KerasFile hdf5(byte[] bytes) {
    Hdf5 file = Hdf5.open(bytes);
    try {
      String config = file.text(List.of(), "model_config").orElse(null);
      if (config == null) {
        throw new Refused(
            "holds no model_config: weights without their network, or no Keras file; save the"
                + " whole model");
      }
      String version = file.text(List.of(), "keras_version").orElse("");
      return new KerasFile(
          json("model_config", config), major(version), new NamedWeights(file), file);
    } catch (Refused e) {
      file.close();
      throw e;
    }
  }

  private static KerasFile archive(byte[] bytes) throws IOException {
    Map<String, byte[]> entries = new HashMap<>();
    long left = bytes.length * MOST_INFLATED + SPARE;
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(bytes))) {
      for (ZipEntry e = zip.getNextEntry(); e != null; e = zip.getNextEntry()) {
        byte[] entry = zip.readNBytes((int) Math.min(left + 1, Integer.MAX_VALUE - 8));
        left -= entry.length;
        if (left < 0) {
          throw new Refused("holds more than it can: its entries are larger than they may be");
        }
        entries.putIfAbsent(e.getName(), entry);
      }
    } catch (IllegalArgumentException e) {
      throw new Refused("is no sound zip archive", e);
    }
    for (String needed : List.of(CONFIG, WEIGHTS)) {
      if (!entries.containsKey(needed)) {
        throw new Refused("is an archive without " + needed + ", no Keras file");
      }
    }
    JsonNode metadata =
        json(
            METADATA,
            new String(
                entries.getOrDefault(METADATA, new byte[] {'{', '}'}), StandardCharsets.UTF_8));
    JsonNode config = json(CONFIG, new String(entries.get(CONFIG), StandardCharsets.UTF_8));
    Hdf5 weights = Hdf5.open(entries.get(WEIGHTS));
    return new KerasFile(
        config,
        major(metadata.path("keras_version").asText("")),
        new PlacedWeights(weights),
        weights);
  }

  private static JsonNode json(String what, String text) {
    try {
      JsonNode node = JSON.readTree(text);
      if (node == null || !node.isObject()) {
        throw new Refused("its " + what + " is no JSON object");
      }
      return node;
    } catch (JsonProcessingException e) {
      throw new Refused("its " + what + " is " + JsonErrors.reason(e), e);
    }
  }

  private static int major(String version) {
    int digit = version.isEmpty() ? -1 : Character.digit(version.charAt(0), 10);
    return digit < 0 ? USUAL_MAJOR : digit;
  }

  @Override
  public void close() {
    hdf5.close();
  }
}
