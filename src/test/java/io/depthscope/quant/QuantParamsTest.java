package io.depthscope.quant;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.depthscope.verification.GoldenCase;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuantParamsTest {

  @Test
  void agreesWithTheGoldenFileBitForBit() throws IOException {
    JsonNode cases = GoldenCase.readJson("quant_params").get("cases");
    assertTrue(cases.size() >= 48, "only " + cases.size() + " cases");
    int values = 0;
    for (JsonNode c : cases) {
      QuantFormat format =
          new QuantFormat(
              c.get("bits").asInt(), c.get("signed").asBoolean(), c.get("symmetric").asBoolean());
      Range range = new Range(bits(c, "rangeMinBits"), bits(c, "rangeMaxBits"));
      String text = format + " " + range;
      QuantParams p = QuantParams.of(range, format);
      assertEquals(c.get("scaleBits").asInt(), Float.floatToRawIntBits(p.scale()), text);
      assertEquals(c.get("zeroPoint").asInt(), p.zeroPoint(), text);
      assertEquals(c.get("qmin").asInt(), p.qmin(), text);
      assertEquals(c.get("qmax").asInt(), p.qmax(), text);
      int nans = 0;
      for (int i = 0; i < c.get("inputBits").size(); i++, values++) {
        float x = Float.intBitsToFloat(c.get("inputBits").get(i).asInt());
        String at = text + ", x = " + x;
        nans += Float.isNaN(x) ? 1 : 0;
        assertEquals(c.get("codes").get(i).asInt(), p.quantize(x), at);
        assertEquals(
            c.get("outputBits").get(i).asInt(), Float.floatToRawIntBits(p.fakeQuantize(x)), at);
      }
      assertEquals(c.get("nans").asInt(), nans, text);
    }
    assertTrue(values > 2000, "only " + values + " values");
  }

  private static float bits(JsonNode c, String key) {
    return Float.intBitsToFloat(c.get(key).asInt());
  }

  /** The order matters at ties with an odd zero point: round first, then add it. */
  @Test
  void roundsBeforeTheZeroPointIsAdded() {
    QuantParams p = new QuantParams(1, 3, 0, 255);
    assertEquals(3, p.quantize(0.5f));
    assertEquals(5, p.quantize(1.5f));
    assertEquals(5, p.quantize(2.5f));
    assertEquals(3, p.quantize(-0.5f));
  }

  @Test
  void saturatesWhereClampingChangesTheCode() {
    QuantParams p = new QuantParams(1, 0, 0, 15);
    assertTrue(p.saturates(15.6f));
    assertTrue(!p.saturates(15.5f - 1e-6f) && !p.saturates(15.4f));
    assertTrue(!p.saturates(-0.5f) && p.saturates(-0.6f));
    assertTrue(!p.saturates(Float.NaN));
    assertTrue(p.saturates(Float.POSITIVE_INFINITY) && p.saturates(Float.NEGATIVE_INFINITY));
    Random random = new Random(3);
    for (int i = 0; i < 10_000; i++) {
      float x = (float) (20 * random.nextGaussian());
      double code = Math.rint(x);
      assertEquals(code < 0 || code > 15, p.saturates(x), "x = " + x);
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {0f, -1f, Float.NaN, Float.POSITIVE_INFINITY})
  void refusesAScaleThatIsNone(float scale) {
    assertThrows(IllegalArgumentException.class, () -> new QuantParams(scale, 0, 0, 255));
  }

  @Test
  void refusesWhatDoesNotFit() {
    assertThrows(IllegalArgumentException.class, () -> new QuantParams(1, 256, 0, 255));
    assertThrows(IllegalArgumentException.class, () -> new QuantParams(1, -1, 0, 255));
    assertThrows(IllegalArgumentException.class, () -> new QuantParams(1, 0, 5, 5));
    assertThrows(IllegalArgumentException.class, () -> new Range(1, 0));
    assertThrows(IllegalArgumentException.class, () -> new Range(Double.NaN, 0));
    assertThrows(
        IllegalArgumentException.class,
        () -> QuantParams.of(new Range(-1e300, 1e300), QuantFormat.asymmetric(8)));
  }

  @Test
  void formatsKnowTheirCodes() {
    assertEquals(0, QuantFormat.asymmetric(8).qmin());
    assertEquals(255, QuantFormat.asymmetric(8).qmax());
    assertEquals(-127, QuantFormat.symmetric(8).qmin());
    assertEquals(127, QuantFormat.symmetric(8).qmax());
    assertEquals(-128, new QuantFormat(8, true, false).qmin());
    assertEquals(65535, QuantFormat.asymmetric(16).qmax());
    assertEquals(-1, QuantFormat.symmetric(2).qmin());
    assertThrows(IllegalArgumentException.class, () -> QuantFormat.asymmetric(1));
    assertThrows(IllegalArgumentException.class, () -> QuantFormat.asymmetric(17));
  }
}
