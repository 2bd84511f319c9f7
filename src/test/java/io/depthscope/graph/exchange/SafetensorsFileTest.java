package io.depthscope.graph.exchange;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.tensor.FloatTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsFileTest {

  /** A file with this header text and as many data bytes, zeros. */
  private static byte[] file(String header, int dataBytes) {
    return file(header.getBytes(UTF_8), new byte[dataBytes]);
  }

  private static byte[] file(byte[] header, byte[] data) {
    return ByteBuffer.allocate(8 + header.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .put(data)
        .array();
  }

  private static byte[] good() {
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    tensors.put("b", FloatTensor.of(new float[] {1, -2.5f, 3, 4, 5, 6}, 2, 3));
    tensors.put("a", FloatTensor.of(new float[] {7}));
    tensors.put("empty", FloatTensor.of(new float[0], 0, 5));
    return SafetensorsWriter.encode(tensors, Map.of("key", "caf\u00e9"));
  }

  private static String refusal(byte[] bytes) {
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> SafetensorsFile.of(bytes, "F").close());
    assertTrue(e.getMessage().startsWith("F: "), e.getMessage());
    assertTrue(e.getMessage().lines().count() == 1, e.getMessage());
    return e.getMessage().substring(3);
  }

  private static void checkGood(SafetensorsFile file) throws ModelFormatException {
    assertEquals(List.of("b", "a", "empty"), List.copyOf(file.tensors().keySet()));
    assertEquals(Map.of("key", "caf\u00e9"), file.metadata());
    assertArrayEquals(new int[] {2, 3}, file.read("b").dims());
    assertArrayEquals(new float[] {1, -2.5f, 3, 4, 5, 6}, file.read("b").data());
    assertArrayEquals(new float[] {7}, file.read("a").data());
    assertArrayEquals(new int[0], file.read("a").dims());
    assertArrayEquals(new int[] {0, 5}, file.read("empty").dims());
  }

  @Test
  void readsWhatTheWriterWrote(@TempDir Path folder) throws IOException {
    try (SafetensorsFile file = SafetensorsFile.of(good(), "memory")) {
      checkGood(file);
    }
    Path path = folder.resolve("good.safetensors");
    Files.write(path, good());
    SafetensorsFile file = SafetensorsFile.open(path);
    try (file) {
      checkGood(file);
      assertEquals(path.toString(), file.name());
    }
    assertThrows(IllegalStateException.class, () -> file.read("b"), "closed");
  }

  @Test
  void writerAlignsTheDataAndRepeatsItself() {
    byte[] bytes = good();
    long header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    assertEquals(0, header % 8);
    assertArrayEquals(bytes, good());
    assertThrows(
        IllegalArgumentException.class,
        () ->
            SafetensorsWriter.encode(
                Map.of("__metadata__", FloatTensor.of(new float[1], 1)), Map.of()));
  }

  @Test
  void hashesTheWholeFile() throws IOException {
    // Independent value: printf of these bytes piped through sha256sum.
    byte[] bytes = file("{}", 0);
    try (SafetensorsFile file = SafetensorsFile.of(bytes, "F")) {
      assertEquals(
          "411a485216e432ece6b9af94fa32154cf79a2a56d4f81266baa50063f45092bd", file.sha256());
    }
  }

  @Test
  void widensHalfPrecision() throws IOException {
    // 1.5, -2, the smallest subnormal and +inf in each format.
    short[] halves = {0x3e00, (short) 0xc000, 0x0001, 0x7c00};
    short[] brains = {0x3fc0, (short) 0xc000, 0x0001, 0x7f80};
    ByteBuffer data = ByteBuffer.allocate(17).order(ByteOrder.LITTLE_ENDIAN);
    data.put((byte) 1); // makes what follows unaligned
    for (short[] values : List.of(halves, brains)) {
      for (short v : values) {
        data.putShort(v);
      }
    }
    String header =
        """
        {"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},\
        "h":{"dtype":"F16","shape":[4],"data_offsets":[1,9]},\
        "b":{"dtype":"BF16","shape":[2,2],"data_offsets":[9,17]}}""";
    try (SafetensorsFile file =
        SafetensorsFile.of(file(header.getBytes(UTF_8), data.array()), "F")) {
      float inf = Float.POSITIVE_INFINITY;
      assertArrayEquals(new float[] {1.5f, -2, 0x1p-24f, inf}, file.read("h").data());
      assertArrayEquals(new float[] {1.5f, -2, 0x1p-133f, inf}, file.read("b").data());
      ModelFormatException e = assertThrows(ModelFormatException.class, () -> file.read("x"));
      assertEquals("F: tensor 'x' has dtype U8; F32, F16 and BF16 can be read", e.getMessage());
      e = assertThrows(ModelFormatException.class, () -> file.read("y"));
      assertEquals("F: tensor 'y' is missing", e.getMessage());
    }
  }

  @Test
  void unknownDtypesAreRefusedOnlyWhenAskedFor() throws IOException {
    byte[] bytes = file("{\"x\":{\"dtype\":\"F4\",\"shape\":[4],\"data_offsets\":[0,2]}}", 2);
    try (SafetensorsFile file = SafetensorsFile.of(bytes, "F")) {
      assertThrows(ModelFormatException.class, () -> file.read("x"));
    }
  }

  static Stream<Arguments> hostileHeaders() {
    String longName = "n".repeat(1000);
    return Stream.of(
        Arguments.of("[]", 0, "does not start with '{'"),
        Arguments.of("{", 0, "not JSON"),
        Arguments.of("{} x", 0, "not JSON"),
        Arguments.of("{} {}", 0, "text after the header"),
        Arguments.of("{\"t\":1}", 0, "'t' is not an object"),
        Arguments.of("{\"t\":{}}", 0, "tensor 't' has no dtype"),
        Arguments.of(tensor("F32", "[1]", "[0]"), 4, "not two numbers"),
        Arguments.of(tensor("F32", "[1]", "[0,4,8]"), 4, "more than 2"),
        Arguments.of(tensor("F32", "[-1]", "[0,4]"), 4, "negative element -1"),
        Arguments.of(tensor("F32", "[1]", "[-4,0]"), 4, "negative element -4"),
        Arguments.of(tensor("F32", "[1.5]", "[0,4]"), 4, "not an integer"),
        Arguments.of(tensor("F32", "[1]", "[0,1e1]"), 4, "not an integer"),
        Arguments.of(tensor("F32", "[[1]]", "[0,4]"), 4, "not an integer"),
        Arguments.of(tensor("F32", "[\"1\"]", "[0,4]"), 4, "not an integer"),
        Arguments.of(tensor("F32", "[1]", "[4,0]"), 4, "outside the 4 data bytes"),
        Arguments.of(tensor("F32", "[2]", "[0,8]"), 4, "outside the 4 data bytes (truncated"),
        Arguments.of(tensor("F32", "[2]", "[0,4]"), 4, "needs 8 bytes, data_offsets give 4"),
        Arguments.of(tensor("F32", "[1]", "[0,4]"), 5, "1 byte(s) after the last tensor"),
        Arguments.of(
            tensor("F32", "[1]", "[1,5]"),
            5,
            "tensor 't' does not follow the one before it: a gap of 1 byte"),
        Arguments.of(tensor("F32", "[4294967296,4294967296]", "[0,4]"), 4, "overflows"),
        Arguments.of(tensor("F32", "[9223372036854775807]", "[0,4]"), 4, "overflows"),
        Arguments.of(tensor("F32", "[92233720368547758070]", "[0,4]"), 4, "not JSON"),
        Arguments.of(tensor("Q7", "[9223372036854775807,3]", "[0,4]"), 4, "overflows"),
        Arguments.of(tensor("F32", "[1" + ",1".repeat(64) + "]", "[0,4]"), 4, "more than 64"),
        Arguments.of("{\"t\":{\"x\":" + "[".repeat(100_000), 0, "depth"),
        Arguments.of(
            "{\"t\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
            4,
            "'dtype' stands twice in 't'"),
        Arguments.of( // the last one stays, and it does not cover the data
            "{\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                + "\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
            8,
            "a gap of 4 byte(s)"),
        Arguments.of("{\"__metadata__\":null,\"__metadata__\":{}}", 0, "holds two __metadata__"),
        Arguments.of("{\"__metadata__\":{\"k\":null}}", 0, "metadata 'k' is not a string"),
        Arguments.of( // no bytes, but inside another tensor's
            "{\"e\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[4,4]},"
                + "\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
            8,
            "'e' overlaps"),
        Arguments.of(
            "{\"e\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[9,9]},"
                + "\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
            8,
            "outside the 8 data bytes"),
        Arguments.of(tensor("F32", "[1]", "[0,4]") + "\0\0", 4, "not JSON"),
        Arguments.of("\ufeff{}", 0, "does not start with '{'"),
        Arguments.of(
            "{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                + "\"u\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
            8,
            "tensor 'u' overlaps"),
        Arguments.of("{\"__metadata__\":{\"k\":1}}", 0, "metadata 'k' is not a string"),
        Arguments.of("{\"__metadata__\":[]}", 0, "'__metadata__' is not an object"),
        Arguments.of("{\"" + longName + "\":1}", 0, "n".repeat(120) + "...'"),
        Arguments.of("{\"a\\nb\\u001b[31m\\u202e\":1}", 0, "'a?b?[31m?' is not an object"),
        Arguments.of("{\"a\":" + "[".repeat(100_000), 0, "'a' is not an object"));
  }

  private static final String ONE = "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}";

  /** Each of these the format's reference library (Python, 0.8) reads, too. */
  static Stream<Arguments> looseHeaders() {
    String none = "{\"dtype\":\"F32\",\"shape\":[0,5],\"data_offsets\":[%d,%d]}";
    return Stream.of(
        Arguments.of("{\"__metadata__\":null,\"t\":" + ONE + "}", "t"),
        Arguments.of("{\"__metadata__\":{},\"t\":" + ONE + "}", "t"),
        Arguments.of("{\"t\":" + ONE + "}   ", "t"),
        Arguments.of("{\"t\":" + ONE + "}\n\t\r ", "t"),
        Arguments.of("  {\"t\":" + ONE + "}", "t"),
        Arguments.of("{\"t\":" + ONE + ",\"t\":" + ONE + "}", "t"),
        Arguments.of("{\"t\":" + ONE.replace("{", "{\"x\":{\"y\":[[1]]},") + "}", "t"),
        Arguments.of("{\"\":" + ONE + "}", ""),
        Arguments.of("{\"t\":" + ONE.replace("[1]", "[1" + ",1".repeat(19) + "]") + "}", "t"),
        Arguments.of("{\"e\":" + none.formatted(4, 4) + ",\"t\":" + ONE + "}", "e t"),
        Arguments.of(
            "{\"e\":%s,\"t\":%s,\"f\":%s}"
                .formatted(none.formatted(0, 0), ONE, none.formatted(0, 0)),
            "e t f"));
  }

  @ParameterizedTest
  @MethodSource("looseHeaders")
  void takesWhatTheReferenceLibraryTakes(String header, String names) throws IOException {
    byte[] data = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(2.5f).array();
    try (SafetensorsFile file = SafetensorsFile.of(file(header.getBytes(UTF_8), data), "F")) {
      assertEquals(names, String.join(" ", file.tensors().keySet()));
      for (String name : file.tensors().keySet()) {
        float[] expected = name.equals("e") || name.equals("f") ? new float[0] : new float[] {2.5f};
        assertArrayEquals(expected, file.read(name).data(), name);
      }
      assertEquals(Map.of(), file.metadata());
    }
  }

  @Test
  void ofAMetadataKeyThatStandsTwiceTheLastCounts() throws IOException {
    byte[] bytes = file("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0);
    try (SafetensorsFile file = SafetensorsFile.of(bytes, "F")) {
      assertEquals(Map.of("a", "2"), file.metadata());
    }
  }

  private static String tensor(String dtype, String shape, String offsets) {
    return "{\"t\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":%s}}"
        .formatted(dtype, shape, offsets);
  }

  @ParameterizedTest(name = "[{index}] {2}")
  @MethodSource("hostileHeaders")
  void refusesHostileHeaders(String header, int dataBytes, String reason) {
    String refusal = refusal(file(header, dataBytes));
    assertTrue(refusal.contains(reason), refusal);
    assertTrue(refusal.length() < 400, refusal);
  }

  @Test
  void refusesMalformedUtf8() {
    byte[] header = {'{', '"', (byte) 0xc3, '(', '"', ':', '1', '}'};
    assertEquals("the header is not valid UTF-8", refusal(file(header, new byte[0])));
    byte[] wide = "{\"t\":{}}".getBytes(java.nio.charset.StandardCharsets.UTF_16LE);
    assertTrue(refusal(file(wide, new byte[0])).contains("not JSON"));
  }

  @Test
  void refusesEveryTruncation() {
    byte[] whole = good();
    for (int length = 0; length < whole.length; length++) {
      assertFalse(refusal(Arrays.copyOf(whole, length)).isEmpty(), "cut to " + length);
    }
    assertEquals(
        "is not a safetensors file: it has only 7 bytes", refusal(Arrays.copyOf(whole, 7)));
    assertTrue(refusal(Arrays.copyOf(whole, 20)).contains("but only 12 follow (truncated file?)"));
    assertEquals(
        "1 byte(s) after the last tensor", refusal(Arrays.copyOf(whole, whole.length + 1)));
  }

  static Stream<Arguments> headerLengths() {
    return Stream.of(
        Arguments.of(0L, "a header of 0 bytes"),
        Arguments.of(-1L, "a header of 18446744073709551615 bytes, the limit is 100000000"),
        Arguments.of(Long.MIN_VALUE, "the limit is"),
        Arguments.of(Long.MAX_VALUE, "the limit is"),
        Arguments.of(100_000_001L, "the limit is"),
        Arguments.of(100_000_000L, "truncated file?"),
        Arguments.of(1_000L, "truncated file?"));
  }

  @ParameterizedTest
  @MethodSource("headerLengths")
  void refusesHeaderLengths(long length, String reason) {
    byte[] bytes = good();
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
    String refusal = refusal(bytes);
    assertTrue(refusal.contains(reason), refusal);
  }

  static Stream<Arguments> foreignFiles() {
    return Stream.of(
        Arguments.of("\u0089HDF\r\n\u001a\n\0\0\0\0", "a Keras model"),
        Arguments.of("PK\u0003\u0004" + "\0".repeat(26) + "metadata.json{", "a Keras model"),
        Arguments.of("PK\u0003\u0004\u0014\0\0\0\b\0", "a zip archive (PyTorch"),
        Arguments.of("\u0080\u0002\u008a\nl\u00fc\u009cF\u00f9 j\u00a8", "a Python pickle"),
        Arguments.of("\u0080\u0004\u0095", "a Python pickle"),
        Arguments.of("\b\u0007\u0012\u0007pytorch\u001a", "an ONNX model"),
        Arguments.of("\u001c\0\0\0TFL3\u0014\0 \0", "a TFLite model"),
        Arguments.of("GGUF\u0003\0\0\0\0\0", "a GGUF file"),
        Arguments.of("\u001f\u008b\b\0\0\0\0\0\0\0", "unpack it first"),
        Arguments.of("version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        Arguments.of("<!doctype html>", "a web page"),
        Arguments.of("just some text in a file", "is not a safetensors file"));
  }

  @ParameterizedTest(name = "[{index}] {1}")
  @MethodSource("foreignFiles")
  void tellsOtherFormatsByTheirMagic(String latin1, String reason) {
    String refusal = refusal(latin1.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
    assertTrue(refusal.contains(reason), refusal);
  }

  @Test
  void refusesPathsThatAreNoFiles(@TempDir Path folder) throws IOException {
    Path missing = folder.resolve("missing.safetensors");
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> SafetensorsFile.open(missing).close());
    assertEquals(missing + ": no such file or directory", e.getMessage());
    e = assertThrows(ModelFormatException.class, () -> SafetensorsFile.open(folder).close());
    assertEquals(folder + ": is a directory", e.getMessage());
    Path empty = Files.createFile(folder.resolve("empty"));
    e = assertThrows(ModelFormatException.class, () -> SafetensorsFile.open(empty).close());
    assertEquals(empty + ": is empty", e.getMessage());
  }
}
