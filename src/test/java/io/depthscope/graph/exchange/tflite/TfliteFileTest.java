package io.depthscope.graph.exchange.tflite;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.flatbuffers.FlatBufferBuilder;
import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.ModelFormatException;
import io.depthscope.graph.exchange.lowering.Attribute;
import io.depthscope.graph.exchange.lowering.FileGraph;
import io.depthscope.graph.exchange.lowering.FileNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.Model;
import org.tensorflow.lite.schema.ModelT;
import org.tensorflow.lite.schema.TensorType;

/** What is made of a TFLite file, and what is wrong with one, in one line. */
class TfliteFileTest {
  private static final Path FOLDER = Path.of("test-data/tflite");

  private static byte[] bytes(String name) throws IOException {
    return Files.readAllBytes(FOLDER.resolve(name + ".tflite"));
  }

  private static FileGraph graph(String name) throws IOException {
    return new Translation(TfliteFile.parse("n.tflite", bytes(name))).all().graph();
  }

  private static ModelT model(String name) throws IOException {
    return Model.getRootAsModel(ByteBuffer.wrap(bytes(name))).unpack();
  }

  private static String refusal(ModelT model) {
    FlatBufferBuilder builder = new FlatBufferBuilder();
    Model.finishModelBuffer(builder, Model.pack(builder, model));
    return refusal(builder.sizedByteArray());
  }

  private static String refusal(byte[] bytes) {
    ModelFormatException e =
        assertThrows(
            ModelFormatException.class,
            () -> TfliteModel.load("n.tflite", bytes, LoadOptions.NONE));
    assertFalse(e.getMessage().contains("\n"), e.getMessage());
    return e.getMessage();
  }

  @Test
  void bytesThatAreNone() throws IOException {
    assertEquals("n.tflite: is no TFLite model", refusal(new byte[0]));
    assertEquals(
        "n.tflite: is no TFLite model",
        refusal("neither one nor the other".getBytes(StandardCharsets.UTF_8)));
    byte[] good = bytes("conv_same");
    assertEquals(
        "n.tflite: is no sound TFLite model: what it holds lies outside the file",
        refusal(Arrays.copyOf(good, 100)));
  }

  @Test
  void listsLongerThanTheFile() throws IOException {
    // Every tensor names the same long shape: little in the file, much in memory.
    ModelT model = model("conv_same");
    var tensors = model.getSubgraphs()[0].getTensors();
    int[] shape = new int[4096];
    for (var t : tensors) {
      t.setShape(shape);
    }
    assertTrue(refusal(model).contains("has too many axes"), refusal(model));
  }

  @Test
  void graphsThatCannotBe() throws IOException {
    ModelT old = model("conv_same");
    old.setVersion(2);
    assertEquals("n.tflite: is a TFLite model of version 2, not 3", refusal(old));
    ModelT two = model("conv_same");
    two.getSubgraphs()[0].setInputs(new int[] {0, 1});
    assertEquals("n.tflite: has 2 inputs; networks of one can be run", refusal(two));
    ModelT words = model("conv_same");
    words.getSubgraphs()[0].getTensors()[0].setType(TensorType.STRING);
    assertEquals(
        "n.tflite: input x holds STRING; networks that read numbers can be run", refusal(words));
  }

  @Test
  void operatorsThatCannotBeRun() throws IOException {
    ModelT custom = model("detection_post_process");
    for (var code : custom.getOperatorCodes()) {
      if (code.getCustomCode() != null) {
        code.setCustomCode("MyOwn");
      }
    }
    assertEquals(
        "n.tflite: node t13 (MyOwn): is a custom operator, which cannot be run", refusal(custom));
    ModelT unknown = model("conv_same");
    unknown.getOperatorCodes()[0].setBuiltinCode(BuiltinOperator.LSTM);
    unknown.getOperatorCodes()[0].setDeprecatedBuiltinCode((byte) BuiltinOperator.LSTM);
    assertEquals("n.tflite: node t3 (LSTM): cannot run yet", refusal(unknown));
    ModelT other = model("conv_same");
    other.getOperatorCodes()[0].setBuiltinCode(BuiltinOperator.MEAN);
    other.getOperatorCodes()[0].setDeprecatedBuiltinCode((byte) BuiltinOperator.MEAN);
    assertTrue(refusal(other).startsWith("n.tflite: node t3 (MEAN): "), refusal(other));
    ModelT missing = model("conv_same");
    missing.getSubgraphs()[0].getTensors()[1].setBuffer(0);
    assertEquals(
        "n.tflite: node t3 (CONV_2D): reads t1, which nothing before it gives", refusal(missing));
  }

  @Test
  void codesThatCannotBe() throws IOException {
    ModelT scale = model("int8_per_channel");
    scale.getSubgraphs()[0].getTensors()[0].getQuantization().setScale(new float[] {Float.NaN});
    assertEquals("n.tflite: has a scale of NaN", refusal(scale));
    ModelT zero = model("int8_per_channel");
    zero.getSubgraphs()[0].getTensors()[0].getQuantization().setZeroPoint(new long[] {128});
    assertEquals("n.tflite: has a zero point of 128, which is no code", refusal(zero));
  }

  @Test
  void valuesOfCodesAreQuantizedWhereTheyAreComputed() throws IOException {
    FileGraph graph = graph("int8_per_channel");
    Map<String, Long> ops =
        graph.nodes().stream().collect(Collectors.groupingBy(FileNode::op, Collectors.counting()));
    // The input, both convolutions, the matrix and softmax; the pool and the reshape pass codes on.
    assertEquals(5, ops.get("QuantizeLinear"));
    // Those five, and weights and bias of three layers.
    assertEquals(11, ops.get("DequantizeLinear"));
    FileNode first = graph.nodes().getFirst();
    assertEquals("QuantizeLinear", first.op());
    assertEquals(graph.input(), first.inputs().getFirst());
    NdArray zero = graph.constants().get(first.inputs().get(2));
    assertEquals(NdArray.Kind.INT8, zero.kind());
    assertArrayEquals(new long[] {3}, zero.integers());
    assertEquals(List.of("t13"), graph.outputs());
    FileNode last = graph.nodes().getLast();
    assertEquals("DequantizeLinear", last.op());
    assertEquals(graph.outputs(), last.outputs());
  }

  @Test
  void codesOfWeightsAreTurnedBeforeTheyAreDecoded() throws IOException {
    FileGraph graph = graph("int8_per_channel");
    Map<String, FileNode> givenBy =
        graph.nodes().stream().collect(Collectors.toMap(n -> n.outputs().getFirst(), n -> n));
    List<FileNode> convolutions =
        graph.nodes().stream().filter(n -> n.op().equals("Conv")).toList();
    assertEquals(2, convolutions.size());
    for (FileNode conv : convolutions) {
      FileNode decode = givenBy.get(conv.inputs().get(1));
      assertEquals("DequantizeLinear", decode.op());
      assertEquals(new Attribute.Whole(0), decode.attributes().get("axis"));
      assertEquals("Transpose", givenBy.get(decode.inputs().getFirst()).op());
      FileNode bias = givenBy.get(conv.inputs().get(2));
      assertEquals(NdArray.Kind.INT32, graph.constants().get(bias.inputs().getFirst()).kind());
    }
  }
}
