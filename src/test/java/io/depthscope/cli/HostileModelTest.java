package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Model files that are not what they should be, through every command that takes one. */
class HostileModelTest {
  private static final int LENGTH_BYTES = 8;
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;
  private byte[] good;
  private ObjectNode header;
  private byte[] data;

  @BeforeEach
  void read() throws IOException {
    good = Files.readAllBytes(StoppableRun.MODEL);
    int length = (int) ByteBuffer.wrap(good).order(ByteOrder.LITTLE_ENDIAN).getLong();
    header = (ObjectNode) JSON.readTree(good, LENGTH_BYTES, length);
    data = Arrays.copyOfRange(good, LENGTH_BYTES + length, good.length);
  }

  private byte[] file() throws IOException {
    byte[] json = JSON.writeValueAsBytes(header);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(
        ByteBuffer.allocate(LENGTH_BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(json.length)
            .array());
    out.write(json);
    out.write(data);
    return out.toByteArray();
  }

  private int offset(String tensor) {
    return header.get(tensor).get("data_offsets").get(0).intValue();
  }

  /** Name of the first weight tensor of the file. */
  private String someTensor() {
    for (var names = header.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!name.startsWith("__")) {
        return name;
      }
    }
    throw new AssertionError("no tensors");
  }

  private void refused(byte[] content, String... words) throws IOException {
    Path model = Files.write(folder.resolve("bad.safetensors"), content);
    Path out = folder.resolve("out");
    String[] named = Arrays.copyOf(words, words.length + 1);
    named[words.length] = model.toString();
    CommandLineRun.analyze("--model", model, "--data", "synthetic:4", "--out", out).fails(named);
    CommandLineRun.of("inspect", "--model", model).fails(named);
    CommandLineRun.of("pack", "--model", model, "--data", "synthetic:4", "--out", out).fails(named);
    CommandLineRun.of("bench", "run", "--model", model, "--data", "synthetic:4").fails(named);
    assertFalse(Files.exists(out), "nothing is begun for a bad model");
  }

  @Test
  void theRebuiltFileIsSound() throws IOException {
    Path model = Files.write(folder.resolve("good.safetensors"), file());
    CommandLineRun.of("inspect", "--model", model).succeeds();
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.00005, 0.01, 0.5, 0.9999})
  void truncated(double share) throws IOException {
    refused(Arrays.copyOf(good, (int) (share * good.length)));
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MAX_VALUE, Long.MIN_VALUE, -1, 1L << 40, 99_000_000})
  void oversizedHeader(long length) throws IOException {
    byte[] bad = good.clone();
    ByteBuffer.wrap(bad).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
    refused(bad, "header");
  }

  @Test
  void overlappingTensors() throws IOException {
    for (Map.Entry<String, JsonNode> field : header.properties()) {
      boolean tensor = !field.getKey().startsWith("__");
      if (tensor && field.getValue().at("/data_offsets/0").asLong() > 0) {
        ArrayNode offsets = (ArrayNode) field.getValue().get("data_offsets");
        long size = offsets.get(1).longValue() - offsets.get(0).longValue();
        offsets.set(0, JSON.getNodeFactory().numberNode(0L));
        offsets.set(1, JSON.getNodeFactory().numberNode(size));
        break;
      }
    }
    refused(file(), "overlap");
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void weightsThatAreNoNumbers(float value) throws IOException {
    String tensor = someTensor();
    ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).putFloat(offset(tensor) + 8, value);
    refused(file(), tensor, "element 2", Float.toString(value));
  }

  @Test
  void missingSuperfluousAndMisshapenTensors() throws IOException {
    String tensor = someTensor();
    header.set("extra." + tensor, header.get(tensor));
    header.remove(tensor);
    refused(file(), tensor + " is missing", "extra." + tensor + " is superfluous");
  }

  @Test
  void controlCharactersInNamesDoNotReachTheTerminal() throws IOException {
    String tensor = someTensor();
    header.set("evil\u001b[2J\n" + tensor, header.get(tensor));
    header.remove(tensor);
    Path model = Files.write(folder.resolve("evil.safetensors"), file());
    CommandLineRun run = CommandLineRun.of("inspect", "--model", model).fails("superfluous");
    assertFalse(run.err().contains("\u001b"), run::err);
  }

  @Test
  void otherFiles() throws IOException {
    refused("just text".getBytes(StandardCharsets.UTF_8));
    refused(new byte[1000]);
    CommandLineRun.analyze("--model", folder).fails(folder.toString(), "directory");
    CommandLineRun.analyze("--model", folder.resolve("none")).fails("none", "no such file");
    CommandLineRun.analyze("--model", StoppableRun.MODEL, "--family", "mobilenet-v1")
        .fails(StoppableRun.MODEL.toString(), "dws-cnn");
  }
}
