package io.depthscope.stats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInput;
import java.io.DataInputStream;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlockTreeTest {
  private static final int B = BlockTree.BLOCK;

  private record Texts() implements BlockTree.Kind<StringBuilder> {
    @Override
    public StringBuilder empty() {
      return new StringBuilder();
    }

    @Override
    public void join(StringBuilder earlier, StringBuilder later) {
      if (earlier.isEmpty() || later.isEmpty()) {
        earlier.append(later);
      } else {
        String both = "(" + earlier + "+" + later + ")";
        earlier.setLength(0);
        earlier.append(both);
      }
    }

    @Override
    public void write(StringBuilder part, DataOutput out) throws IOException {
      out.writeUTF(part.toString());
    }

    @Override
    public void read(StringBuilder part, DataInput in) throws IOException {
      part.append(in.readUTF());
    }
  }

  private static BlockTree<StringBuilder> blocks(int from, int to) {
    BlockTree<StringBuilder> tree = new BlockTree<>(new Texts());
    for (int block = from; block < to; block++) {
      tree.at(B * block).append(block);
    }
    return tree;
  }

  @Test
  void blocksAreJoinedAlongTheTreeOverTheirNumbers() {
    assertEquals("", blocks(0, 0).total().toString());
    assertEquals("0", blocks(0, 1).total().toString());
    assertEquals("((0+1)+2)", blocks(0, 3).total().toString());
    assertEquals("(((0+1)+(2+3))+((4+5)+6))", blocks(0, 7).total().toString());
    // A missing side passes the other through.
    assertEquals("(3+((4+5)+6))", blocks(3, 7).total().toString());
    BlockTree<StringBuilder> gap = blocks(0, 2);
    gap.at(B * 6 + 255).append("6");
    gap.at(B * 9).append("9");
    assertEquals("(((0+1)+6)+9)", gap.total().toString());
  }

  @Test
  void imagesOfABlockStandInTheirOrder() {
    BlockTree<StringBuilder> tree = new BlockTree<>(new Texts());
    tree.at(B - 2).append("a");
    tree.at(B - 1).append("b");
    tree.at(B).append("c");
    assertEquals("(ab+c)", tree.total().toString());
    tree.at(B + 1).append("d");
    assertEquals("(ab+cd)", tree.total().toString());
    assertEquals(1, tree.block());
    assertEquals("cd", tree.current().toString());
  }

  @Test
  void imagesThatComeAgainAreAdded() {
    BlockTree<StringBuilder> tree = blocks(0, 3);
    tree.at(B).append("x");
    assertEquals("(((0+1)+x)+2)", tree.total().toString());
    tree.at(2 * B).append("y");
    assertEquals("(((0+1)+x)+(2+y))", tree.total().toString());
  }

  /** Any cut into shards of whole blocks, joined in any order, with or without checkpoints. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 8, 21})
  void shardsGiveTheSumOfTheWhole(int blocks) throws IOException {
    Random random = new Random(blocks);
    String whole = blocks(0, blocks).total().toString();
    for (int round = 0; round < 50; round++) {
      List<BlockTree<StringBuilder>> shards = new ArrayList<>();
      for (int from = 0, to; from < blocks; from = to) {
        to = from + 1 + random.nextInt(blocks - from);
        shards.add(random.nextBoolean() ? blocks(from, to) : again(blocks(from, to)));
      }
      Collections.shuffle(shards, random);
      BlockTree<StringBuilder> all = new BlockTree<>(new Texts());
      shards.forEach(all::merge);
      assertEquals(whole, all.total().toString());
    }
  }

  private static BlockTree<StringBuilder> again(BlockTree<StringBuilder> tree) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    tree.write(new DataOutputStream(bytes));
    BlockTree<StringBuilder> read = blocks(7, 9);
    read.read(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
    return read;
  }

  @Test
  void aWrittenTreeContinues() throws IOException {
    for (int half = 0; half < 12; half++) {
      BlockTree<StringBuilder> tree = again(blocks(0, half));
      if (half > 0) {
        tree.at(B * half - 1).append("'");
      }
      for (int block = half; block < 12; block++) {
        tree.at(B * block).append(block);
      }
      String expected = blocks(0, 12).total().toString();
      assertEquals(
          half == 0 ? expected : expected.replaceFirst("\\b" + (half - 1) + "\\b", half - 1 + "'"),
          tree.total().toString());
    }
  }

  @Test
  void aBlockIsInOneShardAlone() {
    for (int[] other : new int[][] {{0, 1}, {3, 5}, {2, 3}, {0, 8}}) {
      BlockTree<StringBuilder> tree = blocks(0, 4);
      assertThrows(IllegalArgumentException.class, () -> tree.merge(blocks(other[0], other[1])));
    }
  }

  @Test
  void aRunHoldsOnePartALevel() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    blocks(0, 1000).write(new DataOutputStream(bytes));
    int parts = new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())).readInt();
    assertEquals(Integer.bitCount(999), parts);
  }

  private static ImageSums image(int image) {
    Random random = new Random(image);
    ImageSums sums = new ImageSums(3, 9, true);
    for (int c = 0; c < 3; c++) {
      for (int i = 0; i < 9; i++) {
        float x = (float) (c + random.nextGaussian());
        sums.baseline.add(c, x, 1);
        sums.candidate.add(c, x + 0.1f, 1);
        sums.addError(c, x, x + 0.1f, 1);
        sums.terms[i % 4][c] += x * x;
      }
      sums.saturated[c] = image % 3;
    }
    return sums;
  }

  private static NetworkAccumulator run(int from, int to) {
    NetworkAccumulator run =
        new NetworkAccumulator(List.of(new LayerAccumulator(3, 16, true)), true);
    for (int i = from; i < to; i++) {
      if (i % 11 != 5 && i / B != 2) { // unreadable: one now and then, and all of a block
        run.add(i, List.of(image(i)));
        run.layer(0).histogram().add(i);
        run.layer(0).codes()[i % 16]++;
      }
    }
    return run;
  }

  /** All that a layer's results are drawn from. */
  private static TreeMap<String, Object> results(NetworkAccumulator run) {
    LayerAccumulator layer = run.layer(0);
    TreeMap<String, Object> all = new TreeMap<>();
    all.put("images", run.images());
    all.put("fp32", layer.baseline().layer());
    all.put("channel", layer.candidate().channel(1));
    all.put("error", layer.layerError());
    all.put("highest", layer.highest());
    all.put("lowest", layer.lowest());
    return all;
  }

  @Test
  void shardsOfImagesGiveTheStatisticsOfOneRun() {
    int blocks = 6;
    int images = blocks * B - 100;
    NetworkAccumulator whole = run(0, images);
    double[] state = new double[LayerStatistics.STATE_FIELDS * 3];
    whole.layer(0).total().exportState(state, 0, 3);
    Random random = new Random(3);
    for (int round = 0; round < 6; round++) {
      List<NetworkAccumulator> shards = new ArrayList<>();
      for (int from = 0, to; from < blocks; from = to) {
        to = from + 1 + random.nextInt(blocks - from);
        shards.add(run(B * from, Math.min(images, B * to)));
      }
      Collections.shuffle(shards, random);
      NetworkAccumulator all = run(0, 0);
      shards.forEach(all::merge);
      double[] merged = new double[state.length];
      all.layer(0).total().exportState(merged, 0, 3);
      assertArrayEquals(state, merged, "round " + round);
      assertEquals(results(whole), results(all), "round " + round);
      assertArrayEquals(whole.layer(0).histogram().counts(), all.layer(0).histogram().counts());
      assertArrayEquals(whole.layer(0).codes(), all.layer(0).codes());
    }
    // The order does matter to the bits, or the test would show nothing.
    LayerStatistics flat = new LayerStatistics(3, true);
    for (int i = 0; i < images; i++) {
      if (i % 11 != 5 && i / B != 2) {
        flat.add(image(i), true);
      }
    }
    assertNotEquals(flat.baseline().layer(), whole.layer(0).baseline().layer());
  }
}
