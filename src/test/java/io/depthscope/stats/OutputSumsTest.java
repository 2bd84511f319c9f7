package io.depthscope.stats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Figures of several outputs. */
class OutputSumsTest {
  private static final List<Integer> SIZES = List.of(3, 1, 5);
  private static final int ALL = 9;

  @Test
  void eachOutputHasItsOwnMean() {
    OutputSums sums = new OutputSums(List.of(2, 1));
    float[] x = {0, 0, 0, /* first image */ 1, 2, 10, /* second */ 3, -4, 20};
    float[] xq = {9, 9, 9, 1.5f, 2, 9, 3, -6, 24};
    double first = sums.add(0, x, xq, 3);
    double second = sums.add(1, x, xq, 6);
    assertEquals((0.5 + 2) / 4, sums.meanAbs(0), 1e-12);
    assertEquals((1 + 4) / 2.0, sums.meanAbs(1), 1e-12);
    assertEquals(10 * Math.log10(5 / 0.25), first, 1e-9, "the first output is worse");
    assertEquals(10 * Math.log10(25 / 4.0), second, 1e-9);
  }

  @Test
  void withoutErrorTheSqnrIsInfiniteAndNanIsNotHidden() {
    OutputSums sums = new OutputSums(List.of(1, 1));
    float[] x = {1, 2};
    assertEquals(Double.POSITIVE_INFINITY, sums.add(0, x, x, 0));
    assertEquals(0, sums.meanAbs(0));
    assertTrue(Double.isNaN(sums.add(1, x, new float[] {1, Float.NaN}, 0)));
    assertEquals(0, sums.meanAbs(0));
    assertTrue(Double.isNaN(sums.meanAbs(1)));
  }

  private static float[] noise(int seed, int images) {
    Random random = new Random(seed);
    float[] x = new float[images * ALL];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }

  private static OutputSums part(float[] x, float[] xq, int from, int to) {
    OutputSums sums = new OutputSums(SIZES);
    for (int i = from; i < to; i++) {
      sums.add(i, x, xq, i * ALL);
    }
    return sums;
  }

  private static List<Double> figures(OutputSums s) {
    return List.of((double) s.images(), s.meanAbs(0), s.meanAbs(1), s.meanAbs(2));
  }

  /** Any cut of the images into whole blocks, joined in any order. */
  @Test
  void shardsGiveTheFiguresOfOneRun() {
    int images = 5 * BlockTree.BLOCK - 40;
    float[] x = noise(1, images);
    float[] xq = noise(2, images);
    List<Double> whole = figures(part(x, xq, 0, images));
    Random random = new Random(9);
    for (int round = 0; round < 20; round++) {
      List<OutputSums> shards = new ArrayList<>();
      for (int from = 0, to; from < images; from = to) {
        to = Math.min(images, from + BlockTree.BLOCK * (1 + random.nextInt(4)));
        shards.add(part(x, xq, from, to));
      }
      Collections.shuffle(shards, random);
      OutputSums all = new OutputSums(SIZES);
      shards.forEach(all::merge);
      assertEquals(whole, figures(all));
    }
  }

  @Test
  void aWrittenStateGoesOnAsIfThereHadBeenNoBreak() throws IOException {
    int images = BlockTree.BLOCK + 30;
    float[] x = noise(3, images);
    float[] xq = noise(4, images);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    part(x, xq, 0, 100).write(new DataOutputStream(bytes));
    OutputSums back = new OutputSums(SIZES);
    back.read(in(bytes));
    for (int i = 100; i < images; i++) {
      back.add(i, x, xq, i * ALL);
    }
    assertEquals(figures(part(x, xq, 0, images)), figures(back));
    assertThrows(IOException.class, () -> new OutputSums(List.of(3, 1)).read(in(bytes)));
  }

  private static DataInputStream in(ByteArrayOutputStream bytes) {
    return new DataInputStream(new ByteArrayInputStream(bytes.toByteArray()));
  }
}
