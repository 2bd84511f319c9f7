package io.depthscope.graph.exchange.keras;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.ModelFormatException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;

/** What is wrong with a Keras file is said in one line that names it and the layer. */
class KerasFileTest {
  private static final Path FOLDER = Path.of("test-data/keras");
  private static final String CONFIG = "config.json";
  private static final String WEIGHTS = "model.weights.h5";

  private static Map<String, byte[]> entries() throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    byte[] archive = Files.readAllBytes(FOLDER.resolve("windows.keras"));
    try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(archive))) {
      for (ZipEntry e = in.getNextEntry(); e != null; e = in.getNextEntry()) {
        entries.put(e.getName(), in.readAllBytes());
      }
    }
    return entries;
  }

  private static byte[] archive(Map<String, byte[]> entries) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream out = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> e : entries.entrySet()) {
        out.putNextEntry(new ZipEntry(e.getKey()));
        out.write(e.getValue());
      }
    }
    return bytes.toByteArray();
  }

  private static String refusal(byte[] bytes) {
    ModelFormatException e =
        assertThrows(
            ModelFormatException.class, () -> KerasModel.load("n.keras", bytes, LoadOptions.NONE));
    assertFalse(e.getMessage().contains("\n"), e.getMessage());
    return e.getMessage();
  }

  private static String refusal(UnaryOperator<String> config) throws IOException {
    Map<String, byte[]> entries = entries();
    String before = new String(entries.get(CONFIG), StandardCharsets.UTF_8);
    String after = config.apply(before);
    assertFalse(after.equals(before), "nothing was changed");
    entries.put(CONFIG, after.getBytes(StandardCharsets.UTF_8));
    return refusal(archive(entries));
  }

  @Test
  void bytesThatAreNone() throws IOException {
    assertEquals("n.keras: is no sound HDF5 file", refusal(new byte[0]));
    assertEquals("n.keras: is no sound HDF5 file", refusal(new byte[600]));
    byte[] good = Files.readAllBytes(FOLDER.resolve("norms.h5"));
    String cut = refusal(Arrays.copyOf(good, good.length / 2));
    assertTrue(cut.startsWith("n.keras: "), cut);
  }

  @Test
  void weightsWithoutTheirNetwork() throws IOException {
    assertEquals(
        "n.keras: holds no model_config: weights without their network, or no Keras file; save the"
            + " whole model",
        refusal(entries().get(WEIGHTS)));
    Map<String, byte[]> half = entries();
    half.remove(WEIGHTS);
    assertEquals(
        "n.keras: is an archive without model.weights.h5, no Keras file", refusal(archive(half)));
  }

  @Test
  void anArchiveThatInflates() throws IOException {
    Map<String, byte[]> bomb = entries();
    bomb.put("zeros", new byte[100 << 20]);
    assertEquals(
        "n.keras: holds more than it can: its entries are larger than they may be",
        refusal(archive(bomb)));
  }

  @Test
  void layersThatCannotBeRun() throws IOException {
    assertEquals(
        "n.keras: layer m (LSTM): cannot run yet",
        refusal(c -> c.replace("\"MaxPooling2D\"", "\"LSTM\"")));
    assertEquals(
        "n.keras: layer c1 (Conv2D): ends with the function sine, which cannot run yet",
        refusal(c -> c.replace("\"activation\": \"relu\"", "\"activation\": \"sine\"")));
    assertEquals(
        "n.keras: layer c2 (Conv2D): has its channels first, which cannot be read",
        refusal(c -> c.replaceFirst("channels_last", "channels_first")));
    assertEquals(
        "n.keras: layer c1 (Conv2D): strides is no whole number",
        refusal(c -> c.replaceFirst("\"strides\": \\[2, 2\\]", "\"strides\": [\"x\", 2]")));
  }

  @Test
  void graphsThatCannotBe() throws IOException {
    assertEquals(
        "n.keras: its config.json is not JSON (line 1, column 2): Unexpected character ('x' (code"
            + " 120)): was expecting double-quote to start field name",
        refusal(c -> "{x" + c));
    assertEquals(
        "n.keras: layer c2 (Conv2D): reads what nothing gives",
        refusal(c -> c.replaceFirst("\"keras_history\": \\[\"x\"", "\"keras_history\": [\"y\"")));
    assertEquals(
        "n.keras: output z is given by no layer",
        refusal(c -> c.replace("\"output_layers\": [[\"m\"", "\"output_layers\": [[\"z\"")));
    assertEquals(
        "n.keras: layer c2 (Conv2D): its weight kernel is not in the file, at"
            + " layers/conv2d_3/vars/0",
        refusal(c -> c.replaceFirst("\"layers\": \\[", "\"layers\": [" + threeMore())));
  }

  @Test
  void callsThatCannotBeRead() throws IOException {
    assertEquals(
        "n.keras: layer c2 (Conv2D): reads what is told in an unknown way",
        refusal(
            c -> c.replaceFirst("\"keras_history\": \\[\"x\", 0, 0\\]", "\"keras_history\": [0]")));
    assertEquals(
        "n.keras: layer c2 (Conv2D): is given mask, which cannot be placed among what it reads",
        refusal(c -> c.replaceFirst("\"kwargs\": \\{\\}", "\"kwargs\": {\"mask\": [1.5]}")));
    assertEquals(
        "n.keras: layer c2 (Conv2D): reads 2 values",
        refusal(c -> c.replaceFirst("\"kwargs\": \\{\\}", "\"kwargs\": {\"x\": 1.5}")));
    assertEquals(
        "n.keras: layer c2 (Conv2D): reads a value inside a Box, which cannot be placed",
        refusal(
            c ->
                c.replaceFirst(
                    "\"args\": \\[", "\"args\": [{\"class_name\": \"Box\", \"config\": 3}, ")));
  }

  /** What Keras 2 wrote: references with what is given by name, numbers in place of references. */
  @Test
  void callsOfKeras2ThatCannotBeRead() throws IOException {
    String call = "\"inbound_nodes\": [[[\"x\", 0, 0, {";
    assertEquals(
        "n.keras: layer c2 (Conv2D): is given mask, which cannot be placed among what it reads",
        refusal(c -> inKeras2(c, call + "\"mask\": 2}]]]")));
    assertEquals(
        "n.keras: layer c2 (Conv2D): reads 2 values",
        refusal(c -> inKeras2(c, call + "}], [\"_CONSTANT_VALUE\", -1, 3.0, {}]]]")));
    assertEquals(
        "n.keras: layer c2 (Conv2D): reads what is told in an unknown way",
        refusal(c -> inKeras2(c, "\"inbound_nodes\": [[3.0]]")));
    String function = "\"class_name\": \"TFOpLambda\"";
    assertEquals(
        "n.keras: layer c2 (TFOpLambda): is given z, which cannot be placed among what it reads",
        refusal(
            c ->
                inKeras2(c, "\"inbound_nodes\": [[\"x\", 0, 0, {\"y\": 1, \"z\": 2}]]")
                    .replaceFirst("\"class_name\": \"Conv2D\"", function)));
  }

  /** The calls of the first layer in other words. */
  private static String inKeras2(String config, String calls) {
    String call = "\"inbound_nodes\": \\[\\{\"args\": .*?\"kwargs\": \\{\\}\\}\\]";
    return config.replaceFirst(call, Matcher.quoteReplacement(calls));
  }

  /** Layers that nothing reads, ahead of those that weights are numbered after. */
  private static String threeMore() {
    String one = "{\"class_name\": \"Conv2D\", \"config\": {}, \"inbound_nodes\": []}, ";
    return one.repeat(3);
  }
}
