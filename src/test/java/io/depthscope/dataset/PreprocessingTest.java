package io.depthscope.dataset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.dataset.Preprocessing.ChannelOrder;
import io.depthscope.dataset.Preprocessing.Mode;
import io.depthscope.tensor.Shape;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreprocessingTest {
  private static final List<Double> MEAN = List.of(123.675, 116.28, 103.53);
  private static final List<Double> STD = List.of(58.395, 57.12, 57.375);

  private static Preprocessing of(Mode mode, int resize, int crop, ChannelOrder order) {
    return new Preprocessing(mode, resize, resize, crop, crop, order, MEAN, STD);
  }

  private static RgbImage noise(int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    new Random(width * 31L + height).nextBytes(rgb);
    return new RgbImage(width, height, rgb);
  }

  /** Python's int(round((h - crop) / 2)): halves go to the even neighbour. */
  @ParameterizedTest
  @CsvSource({"5, 4, 0", "7, 4, 2", "6, 4, 1", "4, 4, 0", "9, 2, 4", "11, 2, 4", "13, 2, 6"})
  void cropsInTheMiddle(int edge, int crop, int start) {
    RgbImage image = noise(edge, edge);
    byte[] input = of(Mode.NONE, 0, crop, ChannelOrder.RGB).toInput(image);
    for (int y = 0; y < crop; y++) {
      for (int x = 0; x < crop; x++) {
        for (int c = 0; c < 3; c++) {
          assertEquals(
              image.rgb()[((start + y) * edge + start + x) * 3 + c],
              input[(y * crop + x) * 3 + c],
              "row " + y + ", column " + x);
        }
      }
    }
  }

  @Test
  void bgrSwapsRedAndBlue() {
    RgbImage image = new RgbImage(1, 2, new byte[] {1, 2, 3, 4, 5, 6});
    Preprocessing bgr = new Preprocessing(Mode.NONE, 0, 0, 2, 1, ChannelOrder.BGR, MEAN, STD);
    assertArrayEquals(new byte[] {3, 2, 1, 6, 5, 4}, bgr.toInput(image));
    assertArrayEquals(new byte[] {1, 2, 3, 4, 5, 6}, image.rgb(), "the image itself stays");
  }

  /** The bytes of PIL 12.3: convert("L"), then resize((3, 4), BILINEAR). */
  @Test
  void oneChannelIsPilsGrey() {
    HexFormat hex = HexFormat.of();
    byte[] rgb =
        hex.parseHex(
            "f8c2becf931aed15f5d3ef2d059d9f3c36ec6d2ec75220cd240786de399208950e0f160a90d018180729"
                + "0b553b68e16ee2c9089f1a1ba37a2129c94346a6e42832b300b1893f0dbcff405e08089c191d9d92"
                + "be73db872764ed7f48e3a815498410998c6b50a33d6e2f");
    List<Double> one = List.of(10.0);
    Preprocessing grey = new Preprocessing(Mode.EXACT, 4, 3, 4, 3, ChannelOrder.RGB, one, one);
    assertEquals(new Shape(4, 3, 1), grey.inputShape());
    assertEquals("8b86555d61696a5f6a94665e", hex.formatHex(grey.toInput(new RgbImage(7, 5, rgb))));
    assertEquals(1, grey.normalizationTable().length);
    assertEquals(24.5f, grey.normalizationTable()[0][255]);
  }

  @Test
  void normalizesInDoubleAndRoundsOnce() {
    float[][] table = of(Mode.NONE, 0, 4, ChannelOrder.RGB).normalizationTable();
    assertEquals(3, table.length);
    for (int c = 0; c < 3; c++) {
      for (int p = 0; p < 256; p++) {
        assertEquals((float) ((p - MEAN.get(c)) / STD.get(c)), table[c][p]);
      }
    }
    float[] symmetric = Preprocessing.imageNet(224).normalizationTable()[1];
    assertEquals(-1f, symmetric[0]);
    assertEquals(1f, symmetric[255]);
  }

  @Test
  void defaults() {
    Preprocessing imageNet = Preprocessing.imageNet(224);
    assertEquals(256, imageNet.resizeHeight());
    assertEquals(new Shape(224, 224, 3), imageNet.inputShape());
    assertEquals(219, Preprocessing.imageNet(192).resizeHeight());
    RgbImage image = noise(32, 20);
    assertArrayEquals(
        image.rgb(), Preprocessing.exact(new Shape(20, 32, 3)).toInput(image), "no resize needed");
  }

  @Test
  void smallImagesAreEnlargedOrRefused() {
    RgbImage small = noise(3, 2);
    assertEquals(12 * 12 * 3, of(Mode.SHORT_SIDE, 16, 12, ChannelOrder.RGB).toInput(small).length);
    IllegalArgumentException error =
        assertThrows(
            IllegalArgumentException.class,
            () -> of(Mode.NONE, 0, 3, ChannelOrder.RGB).toInput(small));
    assertTrue(error.getMessage().contains("smaller than the crop"), error.getMessage());
  }

  @Test
  void geometryTextTellsGeometriesApart() {
    Preprocessing one = of(Mode.SHORT_SIDE, 16, 12, ChannelOrder.RGB);
    assertNotEquals(one.geometryText(), of(Mode.EXACT, 16, 12, ChannelOrder.RGB).geometryText());
    assertNotEquals(
        one.geometryText(), of(Mode.SHORT_SIDE, 17, 12, ChannelOrder.RGB).geometryText());
    assertNotEquals(
        one.geometryText(), of(Mode.SHORT_SIDE, 16, 11, ChannelOrder.RGB).geometryText());
    assertNotEquals(
        one.geometryText(), of(Mode.SHORT_SIDE, 16, 12, ChannelOrder.BGR).geometryText());
  }

  @Test
  void nonsenseIsRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> of(Mode.SHORT_SIDE, 10, 12, ChannelOrder.RGB));
    assertThrows(IllegalArgumentException.class, () -> of(Mode.NONE, 0, 0, ChannelOrder.RGB));
    assertThrows(IllegalArgumentException.class, () -> of(Mode.EXACT, 0, 1, ChannelOrder.RGB));
    assertThrows(IllegalArgumentException.class, () -> Preprocessing.imageNet(1_000_000));
    List<Double> zero = List.of(1.0, 0.0, 1.0);
    List<Double> nan = List.of(1.0, Double.NaN, 1.0);
    assertThrows(
        IllegalArgumentException.class,
        () -> new Preprocessing(Mode.NONE, 0, 0, 1, 1, ChannelOrder.RGB, MEAN, zero));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Preprocessing(Mode.NONE, 0, 0, 1, 1, ChannelOrder.RGB, nan, STD));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Preprocessing(Mode.NONE, 0, 0, 1, 1, ChannelOrder.RGB, MEAN, List.of(1.0)));
  }
}
