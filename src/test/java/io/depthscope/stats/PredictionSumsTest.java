package io.depthscope.stats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.depthscope.verification.Findings;
import io.depthscope.verification.GoldenCase;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PredictionSumsTest {

  private static float[] logits(JsonNode rows) {
    int classes = rows.get(0).size();
    float[] values = new float[rows.size() * classes];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat(rows.get(i / classes).get(i % classes).asInt());
    }
    return values;
  }

  @Test
  void agreeWithTheGoldenFileTiesIncluded() throws IOException {
    JsonNode golden = GoldenCase.readJson("network_figures");
    JsonNode expected = golden.get("network");
    float[] x = logits(golden.get("logitsFp32Bits"));
    float[] xq = logits(golden.get("logitsQuantizedBits"));
    int images = expected.get("images").asInt();
    int classes = x.length / images;
    PredictionSums f = new PredictionSums();
    Findings findings = new Findings();
    for (int i = 0; i < images; i++) {
      int label = expected.get("labels").get(i).asInt();
      Prediction p = f.add(i, "image", label, x, xq, i * classes, classes);
      findings.same("fp32 class " + i, expected.get("predictionsFp32").get(i).asInt(), p.fp32());
      findings.same(
          "quantized class " + i,
          expected.get("predictionsQuantized").get(i).asInt(),
          p.quantized());
      double margin = expected.get("marginFp32").get(i).asDouble();
      findings.close("margin " + i, margin, p.margin(), 1e-8 * (1 + margin));
      double noise = 0;
      for (int k = i * classes; k < (i + 1) * classes; k++) {
        noise += Math.pow((double) xq[k] - x[k], 2);
      }
      findings.close("noise " + i, Math.sqrt(noise / classes), p.logitNoise(), 1e-9 * noise);
    }
    findings.same("images", images, f.images());
    double[][] figures = {
      {expected.get("top1Fp32").asDouble(), f.top1Fp32()},
      {expected.get("top1Quantized").asDouble(), f.top1Quantized()},
      {expected.get("top5Fp32").asDouble(), f.top5Fp32()},
      {expected.get("top5Quantized").asDouble(), f.top5Quantized()},
      {expected.get("agreementTop1").asDouble(), f.agreementTop1()},
      {expected.get("relativeAccuracyDrop").asDouble(), f.relativeAccuracyDrop()},
      {expected.get("qmse").asDouble(), f.qmse()},
      {expected.get("qce").asDouble(), f.qce()},
      {expected.get("logitSqnrDb").asDouble(), f.logitSqnrDb()}
    };
    for (int i = 0; i < figures.length; i++) {
      double e = figures[i][0];
      findings.close("figure " + i, e, figures[i][1], 5e-9 * Math.abs(e) + 1e-12);
    }
    findings.assertNone("network_figures");
    assertTrue(f.top1Fp32() > 0 && f.top1Fp32() < 1 && f.agreementTop1() < 1);
  }

  @Test
  void anImageWithNanCountsAsWrong() {
    PredictionSums f = new PredictionSums();
    float[] x = {1, 5, 2};
    f.add(0, "image", 1, x, new float[] {1, Float.NaN, 2}, 0, 3);
    assertEquals(1, f.top1Fp32());
    assertEquals(0, f.top1Quantized());
    assertEquals(0, f.top5Quantized());
    assertEquals(1, f.relativeAccuracyDrop());
  }

  @Test
  void aLabelOutsideTheClassesIsNeverRight() {
    PredictionSums f = new PredictionSums();
    float[] x = {1, 5, 2};
    f.add(0, "image", -1, x, x, 0, 3);
    f.add(1, "image", 3, x, x, 0, 3);
    assertEquals(0, f.top5Fp32());
    assertEquals(1, f.agreementTop1());
    assertTrue(Double.isNaN(f.relativeAccuracyDrop()));
    assertEquals(Double.POSITIVE_INFINITY, f.logitSqnrDb());
  }

  @Test
  void noDropIsKnownOfANetworkThatIsNeverRight() {
    PredictionSums f = new PredictionSums();
    f.add(
        0, "a", 0, new float[] {1, 5}, new float[] {6, 5}, 0, 2); // only the quantized one is right
    assertEquals(1, f.top1Quantized());
    assertTrue(Double.isNaN(f.relativeAccuracyDrop()));
  }

  /** Any cut of the images into whole blocks, joined in any order. */
  @Test
  void shardsGiveTheFiguresOfOneRun() {
    Random random = new Random(8);
    int images = 5 * BlockTree.BLOCK - 40;
    float[] x = new float[images * 4];
    float[] xq = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
      xq[i] = x[i] + 0.3f * (float) random.nextGaussian();
    }
    List<Double> whole = figures(part(x, xq, 0, images));
    for (int round = 0; round < 20; round++) {
      List<PredictionSums> shards = new ArrayList<>();
      for (int from = 0, to; from < images; from = to) {
        to = Math.min(images, from + BlockTree.BLOCK * (1 + random.nextInt(4)));
        shards.add(part(x, xq, from, to));
      }
      Collections.shuffle(shards, random);
      PredictionSums all = new PredictionSums();
      shards.forEach(all::merge);
      assertEquals(whole, figures(all));
    }
  }

  private static PredictionSums part(float[] x, float[] xq, int from, int to) {
    PredictionSums f = new PredictionSums();
    for (int i = from; i < to; i++) {
      f.add(i, "a", i % 4, x, xq, 4 * i, 4);
    }
    return f;
  }

  private static List<Double> figures(PredictionSums f) {
    return List.of(
        (double) f.images(),
        f.top1Fp32(),
        f.top1Quantized(),
        f.top5Quantized(),
        f.agreementTop1(),
        f.relativeAccuracyDrop(),
        f.qmse(),
        f.qce(),
        f.logitSqnrDb());
  }
}
