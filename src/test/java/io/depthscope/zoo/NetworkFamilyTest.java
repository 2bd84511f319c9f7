package io.depthscope.zoo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.graph.Clamp;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import io.depthscope.graph.Window;
import io.depthscope.tensor.Shape;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class NetworkFamilyTest {
  private static final Op SUM = new Op.Elementwise(Op.Elementwise.Function.ADD);

  private static Window window(Graph graph, String name) {
    return ((Op.Convolution) graph.node(index(graph, name)).op()).window();
  }

  private static long kernelElements(Graph graph) {
    return IntStream.range(0, graph.size()).mapToLong(graph::kernelSize).sum();
  }

  private static int index(Graph graph, String name) {
    return IntStream.range(0, graph.size())
        .filter(i -> graph.node(i).name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void mobileNetHasThePublishedSize() {
    Graph graph = MobileNetV1.keras(1.0, 224, 1000).graph();
    assertEquals(568_740_352, graph.macs());
    // 4,253,864 parameters less 1000 biases and 4 batch-norm vectors of 10,944 channels.
    assertEquals(4_253_864 - 1000 - 4 * 10_944, kernelElements(graph));
    long outputs = 0;
    for (int i = 0; i < graph.size() - 1; i++) {
      if (graph.node(i).op().hasWeights()) {
        outputs += graph.shape(i).size();
      }
    }
    assertEquals(5_042_688, outputs, "elements of all convolution outputs");
    assertEquals("mobilenet-v1-1.0-224", graph.name());
  }

  @Test
  void mobileNetHasTheNodesOfKeras() {
    Graph graph = MobileNetV1.keras(0.75, 224, 1000).graph();
    assertEquals(30, graph.size());
    List<String> names = graph.nodes().stream().map(Node::name).toList();
    assertEquals(List.of("input", "conv1", "conv_dw_1", "conv_pw_1"), names.subList(0, 4));
    assertEquals(
        List.of("conv_dw_13", "conv_pw_13", "global_pool", "conv_preds"), names.subList(26, 30));
    assertEquals(new Shape(112, 112, 24), graph.shape(index(graph, "conv1")));
    assertEquals(new Shape(56, 56, 48), graph.shape(index(graph, "conv_dw_2")));
    assertEquals(new Shape(28, 28, 192), graph.shape(index(graph, "conv_pw_5")));
    assertEquals(new Shape(7, 7, 384), graph.shape(index(graph, "conv_dw_12")));
    assertEquals(new Shape(7, 7, 768), graph.shape(index(graph, "conv_pw_13")));
    assertEquals(new Shape(1, 1, 1000), graph.outputShape());
    assertArrayEquals(new int[] {24, 3, 3, 1}, graph.kernelDims(index(graph, "conv_dw_1")));
    assertArrayEquals(new int[] {48, 1, 1, 24}, graph.kernelDims(index(graph, "conv_pw_1")));
    assertArrayEquals(new int[] {1000, 1, 1, 768}, graph.kernelDims(29));
  }

  @ParameterizedTest
  @CsvSource({"SAME, 0, 1", "KERAS, 0, 1", "SYMMETRIC, 1, 1"})
  void mobileNetPadsInEitherStyle(PaddingStyle style, int before, int after) {
    Graph graph =
        new MobileNetV1(1, new Shape(224, 224, 3), 1000, style, ChannelRounding.TRUNCATE, false)
            .graph();
    Padding strided = new Padding(before, after, before, after);
    assertEquals(strided, window(graph, "conv1").padding());
    assertEquals(strided, window(graph, "conv_dw_2").padding());
    Padding first = window(graph, "conv_dw_1").padding();
    assertEquals(Padding.symmetric(1), first, "stride 1 pads alike");
    assertEquals(new Shape(7, 7, 1024), graph.shape(index(graph, "conv_pw_13")));
  }

  @Test
  void samePaddingOfAnOddExtentIsEven() {
    Graph graph = MobileNetV1.keras(0.25, 97, 10).graph();
    assertEquals(Padding.symmetric(1), window(graph, "conv1").padding());
    assertEquals(new Shape(49, 49, 8), graph.shape(1));
  }

  /**
   * keras.applications.MobileNet 3.15: the extents of conv1 and of the strided depthwise layers.
   */
  @ParameterizedTest
  @CsvSource({
    "33, 17, 8, 4, 2, 1",
    "75, 38, 19, 9, 4, 2",
    "96, 48, 24, 12, 6, 3",
    "160, 80, 40, 20, 10, 5",
    "192, 96, 48, 24, 12, 6",
    "200, 100, 50, 25, 12, 6",
    "224, 112, 56, 28, 14, 7",
    "240, 120, 60, 30, 15, 7",
  })
  void kerasGivesOddMapsOneZeroAfter(int side, int stem, int two, int four, int six, int twelve) {
    for (double alpha : new double[] {0.25, 0.75}) {
      Graph graph = MobileNetV1.keras(alpha, side, 10).graph();
      assertEquals(stem, graph.shape(1).height());
      int[] extents = {two, four, six, twelve};
      int[] blocks = {2, 4, 6, 12};
      for (int i = 0; i < blocks.length; i++) {
        int node = index(graph, "conv_dw_" + blocks[i]);
        assertEquals(extents[i], graph.shape(node).height(), "conv_dw_" + blocks[i]);
        assertEquals(extents[i], graph.shape(node).width(), "conv_dw_" + blocks[i]);
        Window window = window(graph, "conv_dw_" + blocks[i]);
        assertEquals(new Padding(0, 1, 0, 1), window.padding());
      }
      assertEquals(Padding.symmetric(1), window(graph, "conv_dw_3").padding());
    }
  }

  @Test
  void everyFamilyTakesAnotherActivation() {
    MobileNetV1 net = MobileNetV1.keras(0.25, 32, 10);
    for (NetworkFamily family :
        List.of(net, SmallCnn.standard(SmallCnn.Kind.REGULAR), ResNet.standard())) {
      for (Clamp activation : Clamp.RECTIFIERS) {
        NetworkFamily other = family.withActivation(activation);
        assertEquals(activation, other.activation());
        assertEquals(activation, other.graph().node(1).clamp());
        assertEquals(family, other.withActivation(family.activation()));
      }
      assertThrows(IllegalArgumentException.class, () -> family.withActivation(Clamp.NONE));
    }
    assertEquals(Clamp.RELU6, net.activation());
  }

  @ParameterizedTest
  @CsvSource({
    "TRUNCATE, 32, 0.35, 11",
    "TRUNCATE, 32, 0.01, 0",
    "TRUNCATE_MIN_8, 32, 0.2, 8",
    "TRUNCATE_MIN_8, 64, 0.35, 22",
    "MULTIPLE_OF_8, 32, 1.25, 40",
    "MULTIPLE_OF_8, 64, 0.3, 24",
    "MULTIPLE_OF_8, 32, 0.1, 8",
    "MULTIPLE_OF_8, 32, 0.61, 24",
  })
  void roundsWidths(ChannelRounding rounding, int base, double alpha, int channels) {
    assertEquals(channels, rounding.channels(base, alpha));
  }

  @ParameterizedTest
  @CsvSource({"0", "-1", "NaN", "17"})
  void refusesWidthMultipliers(double alpha) {
    assertThrows(IllegalArgumentException.class, () -> MobileNetV1.keras(alpha, 224, 1000));
  }

  @Test
  void refusesAnAlphaThatLeavesNoChannels() {
    MobileNetV1 thin = MobileNetV1.keras(0.02, 224, 1000);
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, thin::graph);
    assertTrue(e.getMessage().startsWith("node conv1: "), e.getMessage());
  }

  @Test
  void smallTwinsAgreeBlockByBlock() {
    SmallCnn separable = SmallCnn.standard(SmallCnn.Kind.DEPTHWISE_SEPARABLE);
    Graph dws = separable.graph();
    Graph regular = separable.twin().graph();
    assertEquals(separable, separable.twin().twin());
    for (int i = 1; i <= separable.blocks().size(); i++) {
      assertEquals(
          dws.shape(index(dws, "block" + i + "_pw")),
          regular.shape(index(regular, "block" + i + "_conv")));
    }
    assertEquals(new Shape(4, 4, 64), dws.shape(index(dws, "block7_pw")));
    assertEquals(dws.outputShape(), regular.outputShape());
    assertEquals(
        List.of("input", "stem", "block1_dw", "block1_pw", "block2_dw"),
        dws.nodes().stream().map(Node::name).limit(5).toList());
    assertEquals("classifier", regular.nodes().getLast().name());
  }

  @ParameterizedTest
  @EnumSource(SmallCnn.Kind.class)
  void standardTwinsStayUnderOneMegabyte(SmallCnn.Kind kind) {
    Graph graph = SmallCnn.standard(kind).graph();
    long floats = kernelElements(graph);
    for (int i = 0; i < graph.size(); i++) {
      floats += graph.node(i).op().hasWeights() ? 5L * graph.channels(i) : 0;
    }
    assertTrue(4 * floats < 1_000_000, kind + " has " + floats + " values");
    assertTrue(graph.macs() > 1_000_000, kind + " has " + graph.macs() + " MACs");
  }

  @Test
  void withoutBatchNormEveryConvolutionHasABias() {
    SmallCnn plain =
        new SmallCnn(
            SmallCnn.Kind.DEPTHWISE_SEPARABLE,
            new Shape(9, 7, 1),
            3,
            4,
            List.of(new Block(5, 2)),
            false,
            Clamp.RELU,
            PaddingStyle.SYMMETRIC,
            false);
    Graph graph = plain.graph();
    Window window = Window.square(3, 2, Padding.symmetric(1));
    assertEquals(
        new Node("block1_dw", Op.Convolution.depthwise(window, 4), Clamp.RELU, List.of(1)),
        graph.node(2));
    assertEquals(
        new Node("block1_pw", Op.Convolution.pointwise(5), Clamp.RELU, List.of(2)), graph.node(3));
    assertEquals(new Shape(5, 4, 5), graph.shape(3));
    Blueprint blueprint = plain.blueprint();
    assertEquals(Storage.BIAS, blueprint.of(graph.node(2)));
    assertEquals(Storage.BIAS, blueprint.of(graph.node(3)));
    assertEquals(Storage.BIAS, blueprint.of(graph.nodes().getLast()));
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void bareDepthwiseLayersHaveAKernelAlone(boolean batchNorm) {
    SmallCnn bare =
        new SmallCnn(
            SmallCnn.Kind.DEPTHWISE_SEPARABLE,
            new Shape(9, 7, 1),
            3,
            4,
            List.of(new Block(5, 2)),
            batchNorm,
            Clamp.RELU,
            PaddingStyle.SYMMETRIC,
            true);
    Graph graph = bare.graph();
    Window window = Window.square(3, 2, Padding.symmetric(1));
    assertEquals(
        new Node("block1_dw", Op.Convolution.depthwise(window, 4), Clamp.NONE, List.of(1)),
        graph.node(2));
    assertTrue(graph.node(2).op().quantizesOutput());
    assertEquals(Storage.BARE, bare.blueprint().of(graph.node(2)));
    assertEquals(
        new Node("block1_pw", Op.Convolution.pointwise(5), Clamp.RELU, List.of(2)), graph.node(3));
    assertEquals(new Storage(batchNorm, !batchNorm), bare.blueprint().of(graph.node(3)));
    assertEquals(new Shape(4, 4, 1), bare.withInput(new Shape(4, 4, 1)).input());
    assertTrue(bare.withInput(new Shape(4, 4, 1)).bareDepthwise());
    assertEquals(SmallCnn.Kind.REGULAR, bare.twin().kind());
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new SmallCnn(
                SmallCnn.Kind.REGULAR,
                bare.input(),
                3,
                4,
                bare.blocks(),
                true,
                Clamp.RELU,
                PaddingStyle.SYMMETRIC,
                true));
  }

  @Test
  void mobileNetForSmallImagesEndsAtFourByFour() {
    Graph graph =
        new MobileNetV1(
                0.25,
                new Shape(32, 32, 3),
                10,
                PaddingStyle.SYMMETRIC,
                ChannelRounding.TRUNCATE,
                true)
            .graph();
    assertEquals(
        MobileNetV1.keras(0.25, 32, 10).graph().nodes().stream().map(Node::name).toList(),
        graph.nodes().stream().map(Node::name).toList());
    assertEquals(new Shape(32, 32, 8), graph.shape(index(graph, "conv1")));
    assertEquals(new Shape(32, 32, 16), graph.shape(index(graph, "conv_dw_2")));
    assertEquals(new Shape(16, 16, 32), graph.shape(index(graph, "conv_dw_4")));
    assertEquals(new Shape(8, 8, 64), graph.shape(index(graph, "conv_dw_6")));
    assertEquals(new Shape(4, 4, 256), graph.shape(index(graph, "conv_pw_13")));
    MobileNetV1 usual = MobileNetV1.keras(0.25, 32, 10);
    assertEquals(new Shape(1, 1, 256), usual.graph().shape(index(usual.graph(), "conv_pw_13")));
  }

  @Test
  void resNetAddsWhatABlockReads() {
    Graph graph = ResNet.standard().graph();
    assertEquals("resnet-8", graph.name());
    assertEquals(
        List.of(
            "input",
            "stem",
            "block1_conv1",
            "block1_conv2",
            "block1_add",
            "block2_conv1",
            "block2_conv2",
            "block2_shortcut",
            "block2_add",
            "block3_conv1",
            "block3_conv2",
            "block3_shortcut",
            "block3_add",
            "global_pool",
            "classifier"),
        graph.nodes().stream().map(Node::name).toList());
    assertEquals(List.of(3, 1), graph.node(4).inputs(), "the stem goes past block 1");
    assertEquals(List.of(4), graph.node(index(graph, "block2_shortcut")).inputs());
    assertEquals(List.of(6, 7), graph.node(index(graph, "block2_add")).inputs());
    Op shortcut = Op.Convolution.dense(Window.square(1, 2, Padding.NONE), 32);
    assertEquals(new Node("block2_shortcut", shortcut, List.of(4)), graph.node(7));
    assertEquals(Storage.BATCH_NORM, ResNet.standard().blueprint().of(graph.node(7)));
    assertEquals(Clamp.NONE, graph.node(index(graph, "block1_conv2")).clamp());
    assertEquals(new Node("block1_add", SUM, Clamp.RELU, List.of(3, 1)), graph.node(4));
    assertEquals(new Shape(8, 8, 64), graph.shape(index(graph, "block3_add")));
    assertEquals(new Shape(1, 1, 10), graph.outputShape());
    // 27*16 + 2*9*16*16, 9*(16*32 + 32*32) + 16*32, 9*(32*64 + 64*64) + 32*64, 64*10
    assertEquals(5_040 + 14_336 + 57_344 + 640, kernelElements(graph));
  }

  @ParameterizedTest
  @EnumSource(PaddingStyle.class)
  void resNetFitsOddImages(PaddingStyle padding) {
    List<Block> blocks = List.of(new Block(4, 2), new Block(6, 1), new Block(6, 3));
    Graph graph = new ResNet(new Shape(13, 7, 1), 2, 4, blocks, Clamp.RELU6, padding).graph();
    assertEquals(new Shape(7, 4, 4), graph.shape(index(graph, "block1_add")));
    assertEquals(new Shape(7, 4, 6), graph.shape(index(graph, "block2_add")));
    assertEquals(new Shape(3, 2, 6), graph.shape(index(graph, "block3_add")));
    assertEquals(2, graph.node(index(graph, "block3_add")).inputs().size());
    assertThrows(
        IllegalArgumentException.class,
        () -> new ResNet(new Shape(8, 8, 3), 2, 4, blocks, Clamp.NONE, padding));
  }

  @Test
  void nodeListTakesResidualSums() {
    NodeList net = new NodeList(new Shape(8, 8, 4));
    Window window = PaddingStyle.SYMMETRIC.window(net.shape(), 3, 1);
    Op.Convolution conv = Op.Convolution.dense(window, 4);
    int skip = net.add("stem", conv, Storage.BATCH_NORM, Clamp.RELU);
    int last = net.add("conv", conv, Storage.BARE, Clamp.NONE);
    int sum = net.add("add", SUM, Clamp.RELU, skip, last);
    Graph graph = net.toBlueprint("residual").graph();
    assertEquals(List.of(1, 2), graph.node(sum).inputs());
    assertEquals(new Shape(8, 8, 4), graph.outputShape());

    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> net.add("bad", SUM, Clamp.RELU, 0, 7));
    assertEquals("node bad: input 7 does not precede node 4", e.getMessage());
  }
}
