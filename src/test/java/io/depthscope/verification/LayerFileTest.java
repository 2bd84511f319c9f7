package io.depthscope.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.graph.Clamp;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import io.depthscope.graph.Window;
import io.depthscope.tensor.Shape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LayerFileTest {
  @TempDir private Path folder;

  private String refused(Path file) {
    String message =
        assertThrows(IOException.class, () -> LayerFile.read(file), file::toString).getMessage();
    assertTrue(message.startsWith(file.toString()), message);
    assertEquals(1, message.lines().count(), message);
    return message.substring(file.toString().length());
  }

  @Test
  void whatCannotBeReadIsNamed() throws IOException {
    assertEquals(": no such file or directory", refused(folder.resolve("missing.txt")));
    assertTrue(refused(folder).startsWith(": "), "a folder");
    Path binary = Files.write(folder.resolve("binary.txt"), new byte[] {(byte) 0xff, 0, 1});
    assertEquals(": is no text", refused(binary));
    Path large = Files.write(folder.resolve("large.txt"), new byte[(1 << 20) + 1]);
    assertEquals(": it is larger than 1048576 bytes", refused(large));
    Path endless = Path.of("/dev/zero");
    if (Files.exists(endless)) {
      assertEquals(": it is larger than 1048576 bytes", refused(endless));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          a conv 8 8                                    | 4 fields, expected 9
          a winograd 8 8 4 4 3 1 same                   | kind 'winograd' is unknown
          a conv 8 8 4 4 3 1 full                       | padding 'full' is unknown
          a conv 8 x 4 4 3 1 same                       | 'x' is no number
          a conv 8 99999999999 4 4 3 1 same             | '99999999999' is no number
          a conv 8 0 4 4 3 1 same                       | 0 is not in 1..65536
          a conv 65536 65536 65536 4 3 1 same           | shape too large
          a fully-connected 1 1 65536 65536 1 1 none    | more than 134217728 weights
          a conv 9 9 65536 65536 65536 1 same           | more than 134217728 weights
          a conv 2 2 4 4 5 1 none                       | kernel 5x5 is larger
          a depthwise 8 8 4 6 3 1 same                  | 4 groups do not divide 6 output channels
          a conv 8 8 4 8 3 1 same groups=3              | 3 groups do not divide 8 output channels
          a conv 8 8 4 8 3 1 same groups                | 'groups' is unknown
          a conv 8 8 4 8 3 1 same colour=red            | 'colour=red' is unknown
          a conv 8 8 4 8 3 1 same groups=2 groups=2     | groups is given twice
          a conv 8 8 4 8 3 1 same clamp=relu7           | unknown word 'relu7'
          a conv 8 8 4 8 3 1 same clamp=1:x             | '1:x' is no interval
          a conv 8 8 4 8 3 1 same clamp=0:1,0:1         | a clamp of 2 channels on 8
          a conv 8 8 4 8 3 1 same with=8x8x4            | 2 inputs, expected 1
          a conv 8 8 4 8 3 1 1,2,3                      | padding '1,2,3' is unknown
          a conv 8 8 4 8 - - -                          | 'conv' without a window
          a sigmoid 8 8 4 4 3 1 same                    | has no window
          a sigmoid 8 8 4 5 - - -                       | gives 4
          a sigmoid 8 8 4 4 - - - clamp=relu            | takes no clamp
          a multiply 8 8 4 4 - - - with=8x8             | '8x8' is no shape
          a multiply 8 8 4 4 - - - with=7x8x4           | no input of 7x8x4
          a leaky-relu 8 8 4 4 - - -                    | slope is missing
          a leaky-relu 8 8 4 4 - - - slope=0.1,0.2      | slopes of 2 channels on 4
          a leaky-relu 8 8 4 4 - - - slope=x            | 'x' is no number
          a sigmoid 8 8 4 4 - - - slope=0.1             | a sigmoid has no slope
          a leaky-relu 8 8 4 4 - - - slope=1 to=8x8     | a leaky-relu has no to
          a local-response 8 8 4 4 - - - response=5:1:1 | '5:1:1' is no response
          a local-response 8 8 4 4 - - - response=0:1:1:1 | a response of size 0
          a resize-bilinear 8 8 4 4 - - - to=4x4 rows=1:0 | columns is missing
          a resize-bilinear 8 8 4 4 - - - to=4x4 rows=1 columns=1:0 | '1' is no step
          a slice 2 2 1 1 - - - to=1x3 from=0+1*4       | more than 3 places
          a slice 2 2 1 1 - - - to=1x3 from=0,1         | 2 places, not 3
          a slice 2 2 1 1 - - - to=1x3 from=2+1*3       | no value 4 in 2x2x1
          a slice 2 2 1 1 - - - to=1x3 from=0x3         | '0x3' is no run
          a slice 2 2 1 1 - - - to=1x1 from=0 slope=1   | a slice has no slope
          a pointwise 8 8 4 8 3 1 same                  | pointwise with kernel 3
          a pointwise 8 8 4 8 1 2 same                  | and stride 2
          a fully-connected 3 3 4 8 1 1 none            | 3x3x4 input
          """)
  void aLineThatIsNoLayerIsNamed(String line, String reason) throws IOException {
    Path file = folder.resolve("shapes.txt");
    Files.writeString(
        file, "# one good layer\nb conv 8 8 4 4 3 1 same\n" + line, StandardCharsets.UTF_8);
    String message = refused(file);
    assertTrue(message.startsWith(" line 3: "), message);
    assertTrue(message.contains(reason), message);
  }

  @Test
  void theShapeFilesPrintAsTheyAreRead() throws IOException {
    for (String name : List.of("mobilenet_v1", "dws_cnn", "regular_cnn", "every_kind")) {
      List<LayerCase> layers = LayerFile.read(Path.of("bench", "shapes", name + ".txt"));
      assertTrue(layers.size() > 5, name);
      Set<String> names = new HashSet<>();
      for (LayerCase layer : layers) {
        assertTrue(names.add(layer.name()), layer + " is there twice");
        assertEquals(layer, LayerLine.parse(layer.toString()));
      }
    }
  }

  @Test
  void allThatARecordHoldsIsInTheLine() {
    Clamp each = new Clamp(new float[] {-1, 0.1f, 0, 0}, new float[] {1, 6, 1e-3f, 3e38f});
    Window window = new Window(3, 2, 2, 1, new Padding(0, 1, 2, 0)).dilated(1, 3);
    Shape in = new Shape(9, 8, 4);
    LayerCase layer = new LayerCase("x", new Op.Convolution(window, 2, 4), List.of(in), each);
    assertEquals(
        "x conv 9 8 4 4 3x2 2x1 0,1,2,0 groups=2 dilation=1x3"
            + " clamp=-1.0:1.0,0.1:6.0,0.0:0.001,0.0:3.0E38",
        layer.toString());
    assertEquals(layer, LayerLine.parse(layer.toString()));
    int[] source = {3, 2, 1, 0, -1, -1, 0, 7};
    Op moved =
        new Op.Rearrange(
            new Shape(2, 2, 2), new Shape(2, 1, 4), source, new float[] {0, 1, -2, 0.1f}, "moved");
    LayerCase rearranged = new LayerCase("y", moved, List.of(new Shape(2, 2, 2)), Clamp.NONE);
    assertEquals(
        "y moved 2 2 2 4 - - - to=2x1 from=3-1*5,-1+1*2,7 fill=0.0,1.0,-2.0,0.1",
        rearranged.toString());
    assertEquals(rearranged, LayerLine.parse(rearranged.toString()));
    for (long seed = 0; seed < 300; seed++) {
      PlanCase c = RandomCases.layer(seed);
      LayerCase random = LayerCase.of(c.graph(), c.graph().size() - 1);
      assertEquals(random, LayerLine.parse(random.toString()), c.text());
    }
  }

  /** Else a new operation, or a new function, would be checked by nobody. */
  @Test
  void everyOperationIsListed() {
    Set<Class<?>> operations = new HashSet<>();
    Set<Object> functions = new HashSet<>();
    for (LayerCase layer : LayerFile.everyKind()) {
      operations.add(layer.op().getClass());
      switch (layer.op()) {
        case Op.Unary u -> functions.add(u.function());
        case Op.Elementwise e -> functions.add(e.function());
        case Op.Pool p -> functions.add(p.kind());
        default -> {}
      }
    }
    assertEquals(Set.of(Op.class.getPermittedSubclasses()), operations);
    Set<Object> all = new HashSet<>();
    all.addAll(List.of(Op.Unary.Function.values()));
    all.addAll(List.of(Op.Elementwise.Function.values()));
    all.addAll(List.of(Op.Pool.Kind.values()));
    assertEquals(all, functions);
  }

  @Test
  void aLayerOfAnotherSizeKeepsItsKind() {
    for (LayerCase layer : LayerFile.everyKind()) {
      Shape in =
          layer.word().equals("fully-connected") ? new Shape(1, 1, 12) : new Shape(12, 14, 12);
      LayerCase other = layer.resized(in, 24);
      assertEquals(layer.word(), other.word());
      assertEquals(layer.name(), other.name());
      assertEquals(layer.inputs().size(), other.inputs().size());
      if (layer.op() instanceof Op.Convolution c && !c.isDepthwise(layer.in())) {
        assertEquals(24, other.out().channels(), other::toString);
        assertEquals(c.window(), ((Op.Convolution) other.op()).window());
      }
      assertTrue(other.graph().inputShape().equals(in), other::toString);
    }
  }
}
