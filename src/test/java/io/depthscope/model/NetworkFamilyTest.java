package io.depthscope.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.tensor.Shape;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class NetworkFamilyTest {

  private static long kernelElements(Model model) {
    return IntStream.range(0, model.size()).mapToLong(model::kernelSize).sum();
  }

  private static int index(Model model, String name) {
    return IntStream.range(0, model.size())
        .filter(i -> model.node(i).name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void mobileNetHasThePublishedSize() {
    Model model = MobileNetV1.keras(1.0, 224, 1000).model();
    assertEquals(568_740_352, model.macs());
    // 4,253,864 parameters less 1000 biases and 4 batch-norm vectors of 10,944 channels.
    assertEquals(4_253_864 - 1000 - 4 * 10_944, kernelElements(model));
    long outputs = 0;
    for (int i = 0; i < model.size(); i++) {
      Layer layer = model.node(i).layer();
      if (layer instanceof Layer.Convolution || layer instanceof Layer.DepthwiseConvolution) {
        outputs += model.shape(i).size();
      }
    }
    assertEquals(5_042_688, outputs, "elements of all convolution outputs");
    assertEquals("mobilenet-v1-1.0-224", model.name());
  }

  @Test
  void mobileNetHasTheNodesOfKeras() {
    Model model = MobileNetV1.keras(0.75, 224, 1000).model();
    assertEquals(30, model.size());
    List<String> names = model.nodes().stream().map(Node::name).toList();
    assertEquals(List.of("input", "conv1", "conv_dw_1", "conv_pw_1"), names.subList(0, 4));
    assertEquals(
        List.of("conv_dw_13", "conv_pw_13", "global_pool", "conv_preds"), names.subList(26, 30));
    assertEquals(new Shape(112, 112, 24), model.shape(index(model, "conv1")));
    assertEquals(new Shape(56, 56, 48), model.shape(index(model, "conv_dw_2")));
    assertEquals(new Shape(28, 28, 192), model.shape(index(model, "conv_pw_5")));
    assertEquals(new Shape(7, 7, 384), model.shape(index(model, "conv_dw_12")));
    assertEquals(new Shape(7, 7, 768), model.shape(index(model, "conv_pw_13")));
    assertEquals(new Shape(1, 1, 1000), model.outputShape());
    assertArrayEquals(new int[] {3, 3, 24}, model.kernelDims(index(model, "conv_dw_1")));
    assertArrayEquals(new int[] {48, 1, 1, 24}, model.kernelDims(index(model, "conv_pw_1")));
    assertArrayEquals(new int[] {1000, 1, 1, 768}, model.kernelDims(29));
  }

  @ParameterizedTest
  @CsvSource({"SAME, 0, 1", "KERAS, 0, 1", "SYMMETRIC, 1, 1"})
  void mobileNetPadsInEitherStyle(PaddingStyle style, int before, int after) {
    Model model =
        new MobileNetV1(1, new Shape(224, 224, 3), 1000, style, ChannelRounding.TRUNCATE, false)
            .model();
    Padding strided = new Padding(before, after, before, after);
    assertEquals(strided, ((Layer.Convolution) model.node(1).layer()).geometry().padding());
    var second = (Layer.DepthwiseConvolution) model.node(index(model, "conv_dw_2")).layer();
    assertEquals(strided, second.geometry().padding());
    var first = (Layer.DepthwiseConvolution) model.node(2).layer();
    assertEquals(Padding.symmetric(1), first.geometry().padding(), "stride 1 pads alike");
    assertEquals(new Shape(7, 7, 1024), model.shape(index(model, "conv_pw_13")));
  }

  @Test
  void samePaddingOfAnOddExtentIsEven() {
    Model model = MobileNetV1.keras(0.25, 97, 10).model();
    assertEquals(
        Padding.symmetric(1), ((Layer.Convolution) model.node(1).layer()).geometry().padding());
    assertEquals(new Shape(49, 49, 8), model.shape(1));
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
      Model model = MobileNetV1.keras(alpha, side, 10).model();
      assertEquals(stem, model.shape(1).height());
      int[] extents = {two, four, six, twelve};
      int[] blocks = {2, 4, 6, 12};
      for (int i = 0; i < blocks.length; i++) {
        int node = index(model, "conv_dw_" + blocks[i]);
        assertEquals(extents[i], model.shape(node).height(), "conv_dw_" + blocks[i]);
        assertEquals(extents[i], model.shape(node).width(), "conv_dw_" + blocks[i]);
        Layer.DepthwiseConvolution layer = (Layer.DepthwiseConvolution) model.node(node).layer();
        assertEquals(new Padding(0, 1, 0, 1), layer.geometry().padding());
      }
      Layer.DepthwiseConvolution unstrided =
          (Layer.DepthwiseConvolution) model.node(index(model, "conv_dw_3")).layer();
      assertEquals(Padding.symmetric(1), unstrided.geometry().padding());
    }
  }

  @Test
  void everyFamilyTakesAnotherActivation() {
    MobileNetV1 net = MobileNetV1.keras(0.25, 32, 10);
    for (NetworkFamily family :
        List.of(net, SmallCnn.standard(SmallCnn.Kind.REGULAR), ResNet.standard())) {
      for (Activation activation : List.of(Activation.RELU, Activation.RELU6)) {
        NetworkFamily other = family.withActivation(activation);
        assertEquals(activation, other.activation());
        assertEquals(activation, other.model().node(1).layer().activationFunction());
        assertEquals(family, other.withActivation(family.activation()));
      }
      assertThrows(IllegalArgumentException.class, () -> family.withActivation(Activation.NONE));
    }
    assertEquals(Activation.RELU6, net.activation());
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
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, thin::model);
    assertTrue(e.getMessage().startsWith("node conv1: "), e.getMessage());
  }

  @Test
  void smallTwinsAgreeBlockByBlock() {
    SmallCnn separable = SmallCnn.standard(SmallCnn.Kind.DEPTHWISE_SEPARABLE);
    Model dws = separable.model();
    Model regular = separable.twin().model();
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
    Model model = SmallCnn.standard(kind).model();
    long floats = kernelElements(model);
    for (int i = 0; i < model.size(); i++) {
      floats += model.node(i).layer().hasWeights() ? 5L * model.channels(i) : 0;
    }
    assertTrue(4 * floats < 1_000_000, kind + " has " + floats + " values");
    assertTrue(model.macs() > 1_000_000, kind + " has " + model.macs() + " MACs");
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
            Activation.RELU,
            PaddingStyle.SYMMETRIC,
            false);
    Model model = plain.model();
    assertEquals(
        new Layer.DepthwiseConvolution(
            ConvGeometry.square(3, 2, Padding.symmetric(1)), false, true, Activation.RELU),
        model.node(2).layer());
    assertEquals(
        new Layer.Convolution(5, ConvGeometry.POINTWISE, false, true, Activation.RELU),
        model.node(3).layer());
    assertEquals(new Shape(5, 4, 5), model.shape(3));
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
            Activation.RELU,
            PaddingStyle.SYMMETRIC,
            true);
    Model model = bare.model();
    assertEquals(
        new Layer.DepthwiseConvolution(
            ConvGeometry.square(3, 2, Padding.symmetric(1)), false, false, Activation.NONE),
        model.node(2).layer());
    assertTrue(model.node(2).layer().quantizesOutput());
    assertEquals(
        new Layer.Convolution(5, ConvGeometry.POINTWISE, batchNorm, !batchNorm, Activation.RELU),
        model.node(3).layer());
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
                Activation.RELU,
                PaddingStyle.SYMMETRIC,
                true));
  }

  @Test
  void mobileNetForSmallImagesEndsAtFourByFour() {
    Model model =
        new MobileNetV1(
                0.25,
                new Shape(32, 32, 3),
                10,
                PaddingStyle.SYMMETRIC,
                ChannelRounding.TRUNCATE,
                true)
            .model();
    assertEquals(
        MobileNetV1.keras(0.25, 32, 10).model().nodes().stream().map(Node::name).toList(),
        model.nodes().stream().map(Node::name).toList());
    assertEquals(new Shape(32, 32, 8), model.shape(index(model, "conv1")));
    assertEquals(new Shape(32, 32, 16), model.shape(index(model, "conv_dw_2")));
    assertEquals(new Shape(16, 16, 32), model.shape(index(model, "conv_dw_4")));
    assertEquals(new Shape(8, 8, 64), model.shape(index(model, "conv_dw_6")));
    assertEquals(new Shape(4, 4, 256), model.shape(index(model, "conv_pw_13")));
    MobileNetV1 usual = MobileNetV1.keras(0.25, 32, 10);
    assertEquals(new Shape(1, 1, 256), usual.model().shape(index(usual.model(), "conv_pw_13")));
  }

  @Test
  void resNetAddsWhatABlockReads() {
    Model model = ResNet.standard().model();
    assertEquals("resnet-8", model.name());
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
        model.nodes().stream().map(Node::name).toList());
    assertEquals(List.of(3, 1), model.node(4).inputs(), "the stem goes past block 1");
    assertEquals(List.of(4), model.node(index(model, "block2_shortcut")).inputs());
    assertEquals(List.of(6, 7), model.node(index(model, "block2_add")).inputs());
    assertEquals(
        new Layer.Convolution(
            32, ConvGeometry.square(1, 2, Padding.NONE), true, false, Activation.NONE),
        model.node(7).layer());
    Layer second = model.node(index(model, "block1_conv2")).layer();
    assertEquals(Activation.NONE, second.activationFunction());
    assertEquals(new Layer.ResidualAdd(Activation.RELU), model.node(4).layer());
    assertEquals(new Shape(8, 8, 64), model.shape(index(model, "block3_add")));
    assertEquals(new Shape(1, 1, 10), model.outputShape());
    // 27*16 + 2*9*16*16, 9*(16*32 + 32*32) + 16*32, 9*(32*64 + 64*64) + 32*64, 64*10
    assertEquals(5_040 + 14_336 + 57_344 + 640, kernelElements(model));
  }

  @ParameterizedTest
  @EnumSource(PaddingStyle.class)
  void resNetFitsOddImages(PaddingStyle padding) {
    List<Block> blocks = List.of(new Block(4, 2), new Block(6, 1), new Block(6, 3));
    Model model = new ResNet(new Shape(13, 7, 1), 2, 4, blocks, Activation.RELU6, padding).model();
    assertEquals(new Shape(7, 4, 4), model.shape(index(model, "block1_add")));
    assertEquals(new Shape(7, 4, 6), model.shape(index(model, "block2_add")));
    assertEquals(new Shape(3, 2, 6), model.shape(index(model, "block3_add")));
    assertEquals(2, model.node(index(model, "block3_add")).inputs().size());
    assertThrows(
        IllegalArgumentException.class,
        () -> new ResNet(new Shape(8, 8, 3), 2, 4, blocks, Activation.NONE, padding));
  }

  @Test
  void nodeListTakesResidualSums() {
    NodeList net = new NodeList(new Shape(8, 8, 4));
    ConvGeometry window = PaddingStyle.SYMMETRIC.geometry(net.shape(), 3, 1);
    int skip = net.add("stem", new Layer.Convolution(4, window, true, false, Activation.RELU));
    int last = net.add("conv", new Layer.Convolution(4, window, true, false, Activation.NONE));
    int sum = net.add("add", new Layer.ResidualAdd(Activation.RELU), skip, last);
    Model model = net.toModel("residual");
    assertEquals(List.of(1, 2), model.node(sum).inputs());
    assertEquals(new Shape(8, 8, 4), model.outputShape());

    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> net.add("bad", new Layer.ResidualAdd(Activation.RELU), 0, 7));
    assertEquals("node bad: input 7 does not precede node 4", e.getMessage());
  }
}
