package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A network that reads one channel, on photographs. */
class GreyNetworkTest {
  @TempDir private static Path shared;
  private static Path model;
  private static Path data;

  @TempDir private Path folder;

  /** A convolution of an input of 8x8x1 to three classes. */
  @BeforeAll
  static void make() throws IOException {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    TensorProto.Builder weights = TensorProto.newBuilder().setName("w").setDataType(1);
    for (long e : new long[] {3, 1, 8, 8}) {
      weights.addDims(e);
    }
    for (long e : new long[] {1, 1, 8, 8}) {
      shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(e));
    }
    for (int i = 0; i < 3 * 64; i++) {
      weights.addFloatData(0.1f * (i % 7) - 0.3f);
    }
    TypeProto.Tensor type = TypeProto.Tensor.newBuilder().setElemType(1).setShape(shape).build();
    GraphProto.Builder graph =
        GraphProto.newBuilder()
            .addInput(
                ValueInfoProto.newBuilder()
                    .setName("x")
                    .setType(TypeProto.newBuilder().setTensorType(type)))
            .addOutput(ValueInfoProto.newBuilder().setName("y"))
            .addInitializer(weights)
            .addNode(
                NodeProto.newBuilder()
                    .setName("conv")
                    .setOpType("Conv")
                    .addAllInput(List.of("x", "w"))
                    .addOutput("y"));
    model = shared.resolve("grey.onnx");
    Files.write(
        model,
        ModelProto.newBuilder()
            .setIrVersion(8)
            .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(13))
            .setGraph(graph)
            .build()
            .toByteArray());
    data = ImageFiles.classes(shared.resolve("images"), 3, 4);
  }

  private static CommandLineRun analyze(Path out, Object... more) {
    Object[] args = new Object[7 + more.length];
    Object[] first = {"--model", model, "--data", data, "--no-report", "--out", out};
    System.arraycopy(first, 0, args, 0, first.length);
    System.arraycopy(more, 0, args, first.length, more.length);
    return CommandLineRun.analyze(args);
  }

  @Test
  void readsPhotographsInGrey() {
    Path cpu = folder.resolve("cpu");
    analyze(cpu, "--mean", 100, "--std", 50, "--backend", "cpu").succeeds();
    Path reference = folder.resolve("reference");
    analyze(reference, "--mean", 100, "--std", 50, "--backend", "reference").succeeds();
    JsonNode manifest = RunFiles.json(cpu.resolve("manifest.json"));
    assertEquals("grey", manifest.path("channelOrder").asText());
    assertEquals("[100.0]", manifest.path("mean").toString());
    assertTrue(manifest.path("preprocessing").asText().endsWith("8x8, grey"), manifest::toString);
    JsonNode a = RunFiles.json(cpu.resolve("results.json")).at("/layers/0/fp32");
    JsonNode b = RunFiles.json(reference.resolve("results.json")).at("/layers/0/fp32");
    assertEquals(12 * 64, a.path("count").intValue());
    assertTrue(a.path("min").doubleValue() >= -2 && a.path("max").doubleValue() <= 3.1);
    assertEquals(b.path("mean").doubleValue(), a.path("mean").doubleValue(), 1e-6);
    assertEquals(b.path("max"), a.path("max"));
  }

  @Test
  void whatIsAssumedIsSaid() {
    CommandLineRun told =
        CommandLineRun.of("analyze", "--model", model, "--data", data, "--out", folder.resolve("r"))
            .succeeds();
    assertTrue(told.out().contains("grey, (p - 0.0) / 255.0 (assumed"), told::toString);
    assertTrue(
        CommandLineRun.of("inspect", "--model", model).succeeds().out().contains("grey"),
        "inspect says it, too");
    Path unit = folder.resolve("unit");
    analyze(unit, "--input-range", "0..1").succeeds();
    RunFiles.assertSame(folder.resolve("r"), unit, "the same preprocessing");
  }

  @Test
  void threeNumbersAreTooMany() {
    Path out = folder.resolve("run");
    analyze(out, "--mean", "1,2,3").fails("grey.onnx", "mean and std have 3 and 1 values");
    analyze(out, "--channel-order", "bgr").fails("grey.onnx", "one channel");
    CommandLineRun.of("pack", "--model", model, "--data", data, "--out", folder.resolve("p"))
        .fails("one channel");
    assertTrue(Files.notExists(out));
  }
}
