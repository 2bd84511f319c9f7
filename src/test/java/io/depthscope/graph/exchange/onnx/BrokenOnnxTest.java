package io.depthscope.graph.exchange.onnx;

import static io.depthscope.graph.exchange.onnx.OnnxModels.elsewhere;
import static io.depthscope.graph.exchange.onnx.OnnxModels.graph;
import static io.depthscope.graph.exchange.onnx.OnnxModels.integer;
import static io.depthscope.graph.exchange.onnx.OnnxModels.integers;
import static io.depthscope.graph.exchange.onnx.OnnxModels.model;
import static io.depthscope.graph.exchange.onnx.OnnxModels.node;
import static io.depthscope.graph.exchange.onnx.OnnxModels.row;
import static io.depthscope.graph.exchange.onnx.OnnxModels.value;
import static io.depthscope.graph.exchange.onnx.OnnxModels.weights;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.sun.management.ThreadMXBean;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.ModelFormatException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is wrong with a file is said in one line that names it and the node. */
class BrokenOnnxTest {
  private static final LoadOptions NONE = LoadOptions.NONE;
  @TempDir private Path folder;

  private static String refusal(byte[] bytes) {
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> OnnxModel.load("n.onnx", bytes, NONE));
    assertFalse(e.getMessage().contains("\n"), e.getMessage());
    return e.getMessage();
  }

  private static String refusal(ModelProto.Builder model) {
    return refusal(model.build().toByteArray());
  }

  private static GraphProto.Builder convolution() {
    return graph(1, 1, 5, 5)
        .addInitializer(weights("w", 1, 1, 3, 3))
        .addNode(node("Conv", "y", "x", "w"));
  }

  @Test
  void bytesThatAreNone() {
    assertEquals("n.onnx: holds no graph", refusal(new byte[0]));
    assertEquals(
        "n.onnx: is no ONNX model: its bytes are no protobuf",
        refusal("no model at all".getBytes(StandardCharsets.UTF_8)));
    byte[] good = model(convolution()).build().toByteArray();
    assertEquals(
        "n.onnx: is no ONNX model: it ends too early",
        refusal(Arrays.copyOf(good, good.length - 9)));
  }

  @Test
  void versionsThatCannotBeRead() {
    assertEquals(
        "n.onnx: does not say which version of the operators it uses",
        refusal(model(convolution()).clearOpsetImport()));
    assertEquals(
        "n.onnx: uses operators of version 6; 7 to 25 can be read",
        refusal(
            model(convolution())
                .clearOpsetImport()
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(6))));
  }

  @Test
  void nodesThatDoNotFitTogether() {
    assertEquals(
        "n.onnx: node Add_of_a (Add): is in a cycle, or behind one",
        refusal(
            model(
                graph(1, 1, 5, 5)
                    .addNode(node("Add", "a", "x", "y"))
                    .addNode(node("Relu", "y", "a")))));
    assertEquals(
        "n.onnx: node Conv_of_y (Conv): reads w, which nothing gives",
        refusal(model(graph(1, 1, 5, 5).addNode(node("Conv", "y", "x", "w")))));
    assertEquals(
        "n.onnx: node Relu_of_y (Relu): gives y, which is given already",
        refusal(
            model(
                graph(1, 1, 5, 5)
                    .addNode(node("Tanh", "y", "x"))
                    .addNode(node("Relu", "y", "x")))));
    assertEquals(
        "n.onnx: output y is given by no node",
        refusal(model(graph(1, 1, 5, 5).addNode(node("Relu", "z", "x")))));
  }

  @Test
  void nodesThatGiveNothing() {
    for (String op : List.of("QLinearConv", "QLinearMatMul", "Relu")) {
      assertEquals(
          "n.onnx: output y is given by no node",
          refusal(model(graph(1, 1, 5, 5).addNode(node(op, "y", "x").clearOutput()))));
    }
    assertEquals(
        "n.onnx: output y is given by no node",
        refusal(
            model(
                graph(1, 1, 5, 5)
                    .addNode(
                        node("QLinearConcat", "y", "x")
                            .setDomain("com.microsoft")
                            .clearOutput()))));
  }

  @Test
  void codesOfNothing() {
    assertEquals(
        "n.onnx: node DequantizeLinear_of_y (DequantizeLinear): what it reads are no codes",
        refusal(model(graph(1, 1, 5, 5).addNode(node("DequantizeLinear", "y")))));
  }

  @Test
  void aLargeInputIsNotScaledValueByValue() throws ModelFormatException {
    byte[] bytes =
        model(
                graph(1, 3, 3000, 3000)
                    .addInitializer(weights("w", 1))
                    .addNode(node("Mul", "y", "x", "w")))
            .build()
            .toByteArray();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    assertEquals(
        3, OnnxModel.load("n.onnx", bytes, LoadOptions.NONE).graph().inputShape().channels());
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(allocated < 3 * 3000 * 3000, "allocates " + allocated);
  }

  @Test
  void aValueJoinedToItselfManyTimes() {
    // 2^20 values of the input three hundred times: little in the file, much in memory.
    String[] parts = new String[300];
    Arrays.fill(parts, "s");
    assertEquals(
        "n.onnx: node Concat_of_y (Concat): a tensor of extents [1, 300, 1024, 1024] is too large",
        refusal(
            model(
                graph(1, 1, 1024, 1024)
                    .addNode(node("Softmax", "s", "x"))
                    .addNode(node("Concat", "y", parts).addAttribute(integer("axis", 1))))));
  }

  @Test
  void inputsThatCannotBeGiven() {
    assertEquals(
        "n.onnx: has 2 inputs; networks of one can be run",
        refusal(
            model(
                graph(1, 1, 5, 5)
                    .addInput(value("z", 1, 1, 5, 5))
                    .addNode(node("Add", "y", "x", "z")))));
    assertEquals(
        "n.onnx: has no input",
        refusal(
            model(
                GraphProto.newBuilder().addOutput(value("y", 1)).addInitializer(weights("y", 1)))));
    assertEquals(
        "n.onnx: its input has 5 axes; networks of 2 to 4 can be run",
        refusal(model(graph(1, 1, 1, 5, 5).addNode(node("Relu", "y", "x")))));
    assertEquals(
        "n.onnx: input x has an extent of 4000000000",
        refusal(model(graph(1, 1, 5, 4_000_000_000L).addNode(node("Relu", "y", "x")))));
    assertEquals(
        "n.onnx: its input: a tensor of extents [1, 3, 99999, 99999] is too large",
        refusal(model(graph(1, 3, 99999, 99999).addNode(node("Relu", "y", "x")))));
    assertEquals(
        "n.onnx: leaves extent 1 of its input open, and nothing states it",
        refusal(model(graph(1, 0).addNode(node("Relu", "y", "x")))));
  }

  @Test
  void tensorsThatDoNotHoldWhatTheySay() {
    TensorProto huge =
        TensorProto.newBuilder()
            .setName("w")
            .setDataType(1)
            .addAllDims(List.of(1L << 20, 1L << 20, 3L, 3L))
            .build();
    assertEquals(
        "n.onnx: tensor w: a tensor of extents [1048576, 1048576, 3, 3] is too large",
        refusal(model(graph(1, 1, 5, 5).addInitializer(huge))));
    assertEquals(
        "n.onnx: tensor w: holds 0 values, its extents need 9",
        refusal(
            model(
                graph(1, 1, 5, 5)
                    .addInitializer(
                        weights("w", 1, 1, 3, 3).toBuilder().clearFloatData().build()))));
    assertEquals(
        "n.onnx: tensor w: element type 8 cannot be read",
        refusal(
            model(
                graph(1, 1, 5, 5)
                    .addInitializer(weights("w", 1).toBuilder().setDataType(8).build()))));
  }

  @Test
  void nodesThatCannotRun() {
    assertEquals(
        "n.onnx: node LpNormalization_of_a (LpNormalization): cannot run yet",
        refusal(
            model(
                graph(1, 1, 5, 5)
                    .addInitializer(weights("w", 1, 1, 3, 3))
                    .addNode(node("LpNormalization", "a", "x"))
                    .addNode(node("Conv", "y", "a", "w")))));
    assertEquals(
        "n.onnx: node Odd_of_y (my.domain.Odd): cannot run yet",
        refusal(model(graph(1, 1, 5, 5).addNode(node("Odd", "y", "x").setDomain("my.domain")))));
    assertEquals(
        "n.onnx: node DynamicQuantizeLinear_of_y (DynamicQuantizeLinear): chooses its scale anew"
            + " for each input; static scales can be run",
        refusal(model(graph(1, 1, 5, 5).addNode(node("DynamicQuantizeLinear", "y", "x")))));
    assertEquals(
        "n.onnx: node QuantizeLinear_of_y (QuantizeLinear): scale must be positive and finite, got"
            + " -0.3",
        refusal(
            model(
                graph(1, 1, 5, 5)
                    .addInitializer(weights("s", 1))
                    .addNode(node("QuantizeLinear", "y", "x", "s")))));
    assertEquals(
        "n.onnx: node Softmax_of_a (Softmax): cannot run yet",
        refusal(
            model(
                graph(1, 1, 5, 5)
                    .addInitializer(weights("w", 1, 1, 3, 3))
                    .addNode(node("Softmax", "a", "x"))
                    .addNode(node("Conv", "y", "a", "w")))));
  }

  /** A mean over channels begins a layer norm; anything else cannot read it. */
  @Test
  void partsOfALayerNormThatAreNone() {
    GraphProto.Builder mean =
        graph(1, 2, 5, 5)
            .addInitializer(weights("w", 2, 2, 1, 1))
            .addNode(node("Conv", "a", "x", "w"))
            .addNode(node("ReduceMean", "m", "a").addAttribute(integers("axes", 1)));
    String why =
        " reads what node ReduceMean_of_m (ReduceMean) makes over channels, which can run as a part"
            + " of a layer norm alone";
    GraphProto.Builder gate = mean.clone().addNode(node("Sigmoid", "g", "m"));
    assertEquals(
        "n.onnx: node Sigmoid_of_g (Sigmoid):" + why,
        refusal(model(gate.addNode(node("Conv", "y", "g", "w")))));
    GraphProto.Builder joined = mean.clone().addNode(node("Concat", "c", "a", "m"));
    assertEquals(
        "n.onnx: node Concat_of_c (Concat):" + why,
        refusal(model(joined.addNode(node("Conv", "y", "c", "w")))));
    GraphProto.Builder other = mean.clone().addNode(node("Sub", "d", "x", "m"));
    assertEquals(
        "n.onnx: node Sub_of_d (Sub):" + why,
        refusal(model(other.addNode(node("Conv", "y", "d", "w")))));
    GraphProto.Builder norm =
        mean.clone()
            .addInitializer(weights("e", 1))
            .addNode(node("Sub", "d", "a", "m"))
            .addNode(node("Mul", "q", "d", "d"))
            .addNode(node("ReduceMean", "v", "q").addAttribute(integers("axes", 1)))
            .addNode(node("Sub", "s", "v", "e"))
            .addNode(node("Conv", "y", "s", "w"));
    assertEquals("n.onnx: node Sub_of_s (Sub):" + why, refusal(model(norm)));
  }

  @Test
  void whatANodeIsToldMustNotDependOnTheInput() {
    assertEquals(
        "n.onnx: node Clip_of_y (Clip): input 2 is no constant",
        refusal(
            model(
                graph(1, 1, 5, 5)
                    .addInitializer(weights("low", 1))
                    .addNode(node("Clip", "y", "x", "low", "x")))));
    assertEquals(
        "n.onnx: node Slice_of_y (Slice): input 3 is no constant",
        refusal(
            model(
                graph(1, 1, 5, 5)
                    .addInitializer(weights("from", 1))
                    .addInitializer(weights("to", 1))
                    .addNode(node("Slice", "y", "x", "from", "to", "x")))));
  }

  @Test
  void nodesThatDoNotFitTheirInputs() {
    assertEquals(
        "n.onnx: node Conv_of_y (Conv): kernel 3x3 is larger than the padded input 2x2x1",
        refusal(
            model(
                graph(1, 1, 2, 2)
                    .addInitializer(weights("w", 1, 1, 3, 3))
                    .addNode(node("Conv", "y", "x", "w")))));
    assertEquals(
        "n.onnx: node Conv_of_y (Conv): its weights float32 [1, 1, 3, 3] do not fit 2 channels in 1"
            + " groups",
        refusal(
            model(
                graph(1, 2, 5, 5)
                    .addInitializer(weights("w", 1, 1, 3, 3))
                    .addNode(node("Conv", "y", "x", "w")))));
    assertEquals(
        "n.onnx: node Conv_of_y (Conv): its window has an extent, stride or padding of 2000000",
        refusal(
            model(
                graph(1, 1, 5, 5)
                    .addInitializer(weights("w", 1, 1, 3, 3))
                    .addNode(
                        node("Conv", "y", "x", "w")
                            .addAttribute(integers("pads", 2_000_000, 0, 0, 0))))));
    assertEquals(
        "n.onnx: node Reshape_of_a (Reshape): cannot make [1, 3, 9] of [1, 1, 5, 5]",
        refusal(
            model(
                graph(1, 1, 5, 5)
                    .addInitializer(row("to", 1, 3, 9))
                    .addNode(node("Reshape", "a", "x", "to"))
                    .addNode(node("Relu", "y", "a")))));
    assertEquals(
        "n.onnx: node ConstantOfShape_of_a (ConstantOfShape): a tensor of extents [65536, 65536] is"
            + " too large",
        refusal(
            model(
                graph(1, 1, 5, 5)
                    .addInitializer(row("to", 65536, 65536))
                    .addNode(node("ConstantOfShape", "a", "to"))
                    .addNode(node("Add", "y", "x", "a")))));
  }

  private String resized(long... sizes) {
    return refusal(
        model(
            graph(1, 4, 6, 6)
                .addInitializer(row("to", sizes))
                .addInitializer(weights("w", 1, 4, 1, 1))
                .addNode(node("Resize", "a", "x", "", "", "to"))
                .addNode(node("Conv", "y", "a", "w"))));
  }

  @Test
  void movesThatDoNotFit() {
    String resize = "n.onnx: node Resize_of_a (Resize): ";
    assertEquals(resize + "3 scales or sizes for 4 axes", resized(1, 4, 6));
    assertEquals(resize + "an extent of 0", resized(1, 4, 0, 6));
    assertEquals(resize + "an extent of 2000000000", resized(1, 4, 2_000_000_000, 6));
    assertEquals(
        resize + "its output [1, 4, 60000, 60000] is too large", resized(1, 4, 60_000, 60_000));
    assertEquals(resize + "makes 3 images of one", resized(3, 4, 6, 6));
    assertEquals(
        "n.onnx: node DepthToSpace_of_a (DepthToSpace): 4 channels are no blocks of 3x3",
        refusal(
            model(
                graph(1, 4, 6, 6)
                    .addNode(node("DepthToSpace", "a", "x").addAttribute(integer("blocksize", 3)))
                    .addNode(node("Relu", "y", "a")))));
    assertEquals(
        "n.onnx: node Pad_of_a (Pad): padding makes an extent of 0",
        refusal(
            model(
                graph(1, 4, 6, 6)
                    .addInitializer(row("by", 0, 0, -3, 0, 0, 0, -3, 0))
                    .addInitializer(weights("w", 1, 4, 1, 1))
                    .addNode(node("Pad", "a", "x", "by"))
                    .addNode(node("Conv", "y", "a", "w")))));
    assertEquals(
        "n.onnx: node ConvTranspose_of_y (ConvTranspose): its window has an extent, stride or"
            + " dilation of 0",
        refusal(
            model(
                graph(1, 4, 6, 6)
                    .addInitializer(weights("w", 4, 1, 3, 3))
                    .addNode(
                        node("ConvTranspose", "y", "x", "w")
                            .addAttribute(integers("strides", 0, 1))))));
    assertEquals(
        "n.onnx: node ConvTranspose_of_y (ConvTranspose): shape too large: 327676x327676x4",
        refusal(
            model(
                graph(1, 4, 6, 6)
                    .addInitializer(weights("w", 4, 1, 1, 1))
                    .addNode(
                        node("ConvTranspose", "y", "x", "w")
                            .addAttribute(integers("strides", 65535, 65535))))));
  }

  @Test
  void weightsThatAreNoNumbers() {
    TensorProto bad = weights("w", 1, 1, 3, 3).toBuilder().setFloatData(4, Float.NaN).build();
    assertEquals(
        "n.onnx: node Conv_of_y: kernel[4] is NaN",
        refusal(model(graph(1, 1, 5, 5).addInitializer(bad).addNode(node("Conv", "y", "x", "w")))));
  }

  private String refusalOnDisk(TensorProto weights) throws IOException {
    Path own = Files.createDirectories(folder.resolve("model"));
    Path file = own.resolve("n.onnx");
    Files.write(
        file,
        model(graph(1, 1, 5, 5).addInitializer(weights).addNode(node("Conv", "y", "x", "w")))
            .build()
            .toByteArray());
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> OnnxModel.load(file, NONE));
    return e.getMessage().replace(file.toString(), "n.onnx");
  }

  @Test
  void externalDataThatCannotBeRead() throws IOException {
    Files.write(folder.resolve("secret"), new byte[36]);
    Files.write(Files.createDirectories(folder.resolve("model")).resolve("data"), new byte[40]);
    Files.createSymbolicLink(folder.resolve("model/link"), folder.resolve("secret"));
    String start = "n.onnx: tensor w: its data are ";
    assertEquals(
        start + "outside the model's folder", refusalOnDisk(elsewhere("w", "../secret", 0)));
    assertEquals(start + "outside the model's folder", refusalOnDisk(elsewhere("w", "link", 0)));
    assertEquals(
        start + "outside the model's folder",
        refusalOnDisk(elsewhere("w", folder.resolve("model/data").toString(), 0)));
    assertEquals(start + "in none, which is missing", refusalOnDisk(elsewhere("w", "none", 0)));
    assertEquals(
        start + "bytes 8 and on of data, which has 40", refusalOnDisk(elsewhere("w", "data", 8)));
    assertEquals(
        "n.onnx: tensor w: its data are in another file",
        refusal(model(graph(1, 1, 5, 5).addInitializer(elsewhere("w", "data", 0)))));
    OnnxModel.load(good(elsewhere("w", "data", 4)), NONE);
  }

  private Path good(TensorProto weights) throws IOException {
    Path file = folder.resolve("model/good.onnx");
    Files.write(
        file,
        model(graph(1, 1, 5, 5).addInitializer(weights).addNode(node("Conv", "y", "x", "w")))
            .build()
            .toByteArray());
    return file;
  }

  @Test
  void optionsThatDoNotFit() {
    byte[] good = model(convolution()).build().toByteArray();
    LoadOptions sized = new LoadOptions(Optional.empty(), OptionalInt.of(7));
    assertEquals(
        "n.onnx: extent 2 of its input is 5, not 7",
        assertThrows(ModelFormatException.class, () -> OnnxModel.load("n.onnx", good, sized))
            .getMessage());
    LoadOptions clamped =
        new LoadOptions(Optional.empty(), OptionalInt.empty(), Optional.of(Clamp.RELU));
    assertEquals(
        "n.onnx: is an ONNX model, which tells its layers itself: no --family, no --activation",
        assertThrows(ModelFormatException.class, () -> OnnxModel.load("n.onnx", good, clamped))
            .getMessage());
  }
}
