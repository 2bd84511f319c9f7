package io.depthscope.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.plan.Recording;
import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.LayerStatistics;
import io.depthscope.tensor.Shape;
import java.lang.reflect.RecordComponent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the kernels and Java both know, they know alike: compared with the text of the kernels. */
class KernelParamsTest {
  private static final String PARAMS = "common/params.cuh";
  private static final String STATISTICS = "common/statistics.cuh";

  @ParameterizedTest
  @ValueSource(classes = {LayerParams.class, ReduceParams.class, MergeParams.class})
  void recordsAreTheStructs(Class<? extends KernelParams> type) {
    List<CudaConstants.Field> expected = CudaConstants.struct(PARAMS, type.getSimpleName());
    List<CudaConstants.Field> actual = new ArrayList<>();
    for (RecordComponent field : type.getRecordComponents()) {
      // Halves of a long count are unsigned there; to Java they are 32 bits.
      boolean half = field.getName().startsWith("imagesBefore");
      String word = field.getType() == float.class ? "float" : half ? "unsigned" : "int";
      assertTrue(
          List.of(int.class, float.class, boolean.class).contains(field.getType()),
          field::toString);
      actual.add(new CudaConstants.Field(word, field.getName()));
    }
    assertEquals(expected, actual);
    assertEquals(4 * expected.size(), KernelParams.bytes(type));
    assertEquals("images", expected.get(KernelParams.IMAGES_OFFSET / 4).name());
    Matcher size =
        Pattern.compile("sizeof\\(" + type.getSimpleName() + "\\) == (\\d+) \\* 4")
            .matcher(CudaConstants.text(PARAMS));
    assertTrue(size.find(), "the size is not asserted");
    assertEquals(expected.size(), Integer.parseInt(size.group(1)));
  }

  @Test
  void fieldsAreWrittenInOrderAndLittleEndian() {
    MergeParams p = new MergeParams(1, 2, 3, -7, 0x01020304);
    byte[] bytes = p.encode();
    assertEquals(KernelParams.bytes(MergeParams.class), bytes.length);
    int[] words = new int[5];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(words);
    assertArrayEquals(new int[] {1, 2, 3, -7, 0x01020304}, words);
    assertArrayEquals(new byte[] {4, 3, 2, 1}, Arrays.copyOfRange(bytes, 16, 20));
    byte[] more = KernelParams.withImages(bytes, 99);
    assertEquals(99, more[0]);
    assertArrayEquals(Arrays.copyOfRange(bytes, 4, 20), Arrays.copyOfRange(more, 4, 20));
    assertEquals(1, bytes[0], "the original was changed");
    MergeParams late = MergeParams.of(1, 2, 0, (5L << 32) + 7);
    assertEquals(7, late.imagesBeforeLow());
    assertEquals(5, late.imagesBeforeHigh());
  }

  private record Mixed(int first, float second, boolean third, boolean fourth)
      implements KernelParams {}

  @Test
  void everyKindOfFieldIsWrittenAsItsBits() {
    for (float x : new float[] {-0f, 1.5f, Float.MIN_VALUE, Float.NaN, Float.NEGATIVE_INFINITY}) {
      int[] words = new int[4];
      byte[] bytes = new Mixed(-1, x, true, false).encode();
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(words);
      assertArrayEquals(new int[] {-1, Float.floatToRawIntBits(x), 1, 0}, words, "for " + x);
    }
  }

  private record TooWide(int images, long address) implements KernelParams {}

  @Test
  void aFieldOfAnotherSizeIsRefused() {
    KernelParams params = new TooWide(1, 2);
    assertThrows(IllegalStateException.class, params::encode);
  }

  @Test
  void tilesAreCutAsTheKernelsExpect() {
    long rows = CudaConstants.constant("common/gemm.cuh", "TILE_ROWS");
    long threads = CudaConstants.constant("common/measure.cuh", "MEASURE_THREADS");
    long small = CudaConstants.constant("common/measure.cuh", "SMALL_IMAGE");
    assertEquals(threads, Tiling.THREADS);
    long reduce = CudaConstants.constant("statistics_merge.cu", "STATISTICS_THREADS");
    assertEquals(reduce, KernelCatalog.reduce().threads());
    long merge = CudaConstants.constant("statistics_merge.cu", "MERGE_THREADS");
    assertEquals(merge, KernelCatalog.merge().threads());
    for (int positions = 1; positions <= 700; positions++) {
      for (int channels : new int[] {1, 3, 4, 5, 31, 32, 33, 64, 65, 129}) {
        Shape out = new Shape(1, positions, channels);
        checkTiling(Tiling.elementwise(out), out, 256, 32);
        assertEquals(
            positions <= small, Tiling.elementwise(out).tilesPerBlock() > 1, out::toString);
        for (int columns : new int[] {64, 128}) {
          Tiling gemm = Tiling.gemm(out, columns);
          checkTiling(gemm, out, rows, columns);
          assertTrue(gemm.rowsPerTile() <= rows / gemm.tilesPerBlock(), gemm::toString);
          // a block measures all its columns at once
          assertTrue(gemm.lanes() >= Math.min(columns, channels), gemm::toString);
        }
        for (int vector : new int[] {1, 2, 4}) {
          checkDepthwise(Tiling.depthwise(out, vector), out, vector);
          checkDepthwise(Tiling.depthwise(new Shape(positions, 7, channels), vector), null, vector);
        }
      }
    }
  }

  /** Blocks of 112 rows have none to spare in the networks of 224x224 images, but for 7x7. */
  @ParameterizedTest
  @CsvSource({
    "112, 112, 1",
    "56, 112, 1",
    "28, 112, 1",
    "14, 28, 4",
    "7, 49, 2",
    "1, 1, 112",
    "9, 27, 4",
    "12, 36, 3",
    "11, 61, 1"
  })
  void matrixProductsFillTheirBlocks(int side, int rowsPerTile, int tilesPerBlock) {
    Tiling t = Tiling.gemm(new Shape(side, side, 256), 128);
    assertEquals(rowsPerTile, t.rowsPerTile());
    assertEquals(tilesPerBlock, t.tilesPerBlock());
  }

  /** Every position in one tile, and no float32 sum of more terms than numerics.md allows. */
  private static void checkTiling(Tiling t, Shape out, long most, int mostLanes) {
    int positions = out.positions();
    assertTrue(t.rowsPerTile() * t.tilesPerImage() >= positions, t + " leaves out some of " + out);
    assertTrue(
        t.rowsPerTile() * (t.tilesPerImage() - 1) < positions, t + " has an empty tile, " + out);
    assertTrue(t.rowsPerTile() <= Math.min(256, most), t + " is too large a tile");
    if (t.tilesPerBlock() > 1) {
      assertEquals(positions, t.tilesPerImage() * t.rowsPerTile(), t + " has a tile not full");
    }
    assertEquals(1, Integer.bitCount(t.lanes()), t + ": lanes are no power of two");
    assertTrue(t.lanes() <= mostLanes && t.columnTiles() == 1, t::toString);
  }

  private static void checkDepthwise(Tiling t, Shape out, int vector) {
    int columns = Tiling.THREADS / t.lanes();
    assertTrue(columns * t.rowsPerTile() <= 256, t + " has sums of too many terms");
    assertEquals(1, Integer.bitCount(t.lanes()), t::toString);
    assertEquals(1, t.tilesPerBlock());
    if (out != null) {
      assertEquals(Tiling.ceil(out.width(), columns), t.columnTiles(), t + ", " + vector);
      assertTrue(t.tilesPerImage() / t.columnTiles() * t.rowsPerTile() >= out.height());
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void modesHaveTheNumbersAndWordsOfTheKernels(Mode mode) {
    assertEquals(CudaConstants.constant(STATISTICS, mode.name()), mode.ordinal());
    String text = CudaConstants.text(STATISTICS);
    Matcher words =
        Pattern.compile("return mode == OBSERVED \\? (\\d+) : mode == TRACED \\? (\\d+) : (\\d+);")
            .matcher(text);
    assertTrue(words.find(), "partialWords has changed");
    Matcher levels =
        Pattern.compile("return level == 0 \\? (\\d+) : level == 1 \\? (\\d+) : (\\d+);")
            .matcher(CudaConstants.text("statistics_merge.cu"));
    assertTrue(levels.find(), "wordsOf has changed");
    assertTrue(
        text.contains("hasPair(int mode) { return mode >= PAIRED; }")
            && text.contains(
                "hasStatistics(int mode) { return mode == OBSERVED || mode >= MEASURED; }"));
    assertEquals(mode.ordinal() >= Mode.PAIRED.ordinal(), mode.paired());
    assertEquals(
        mode == Mode.OBSERVED || mode.ordinal() >= Mode.MEASURED.ordinal(), mode.statistics());
    if (!mode.statistics()) {
      assertEquals(0, mode.partialWords());
      return;
    }
    int group = mode == Mode.OBSERVED ? 1 : mode == Mode.TRACED ? 2 : 3;
    assertEquals(Integer.parseInt(words.group(group)), mode.partialWords());
    assertEquals(Integer.parseInt(levels.group(mode.level() + 1)), mode.partialWords());
    assertEquals("ds_" + mode.name().toLowerCase(java.util.Locale.ROOT), "ds_" + mode.word());
  }

  /** Pointers are 64 bits each, so nothing but their order tells them apart. */
  @Test
  void pointersComeInTheOrderOfTheKernels() {
    Matcher kernel =
        Pattern.compile(
                "void __launch_bounds__\\(THREADS, BLOCKS\\) SYMBOL\\((.*?)LayerParams p\\)",
                Pattern.DOTALL)
            .matcher(CudaConstants.text("common/measure.cuh"));
    assertTrue(kernel.find(), "the kernels' parameters have changed");
    List<String> expected =
        Pattern.compile("\\* (\\w+),")
            .matcher(kernel.group(1))
            .results()
            .map(m -> m.group(1))
            .toList();
    List<String> actual =
        Arrays.stream(LayerPointers.class.getRecordComponents())
            .map(RecordComponent::getName)
            .toList();
    assertEquals(expected, actual);
    long[] numbered = new LayerPointers(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11).toArray();
    assertArrayEquals(new long[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, numbered);
  }

  @Test
  void recordingsHaveTheirModes() {
    assertEquals(Mode.PLAIN, Mode.of(Recording.PLAIN));
    assertEquals(Mode.OBSERVED, Mode.of(Recording.CALIBRATION));
    assertEquals(Mode.PAIRED, Mode.of(Recording.PAIRED));
    assertEquals(Mode.MEASURED, Mode.of(Recording.STATISTICS));
    assertEquals(Mode.TRACED, Mode.of(Recording.ERROR_SOURCES));
  }

  @Test
  void theStateOfAChannelIsTheSame() {
    String file = "statistics_merge.cu";
    String text = CudaConstants.text(file);
    assertEquals(9, CudaConstants.constant(file, "STREAM_FIELDS"));
    for (String sum :
        List.of(
            "ERROR_FIELDS = 2 * STREAM_FIELDS",
            "TERM_FIELDS = ERROR_FIELDS + 4",
            "FIELDS = TERM_FIELDS + 4")) {
      assertTrue(text.contains("constexpr int " + sum + ";"), sum);
    }
    assertEquals(2 * 9 + 4 + 4, LayerStatistics.STATE_FIELDS);
  }

  @Test
  void binsAreThoseOfTheBitHistogram() {
    String file = "common/block_histogram.cuh";
    long shift = CudaConstants.constant(file, "BIN_SHIFT");
    assertEquals(BitHistogram.BINS, 1 << (32 - shift));
    assertEquals(BitHistogram.BINS, 2 * CudaConstants.constant(file, "BINS_PER_SIGN"));
    for (float x : new float[] {0f, -0f, 1f, -3.5e-20f, Float.MAX_VALUE, Float.MIN_VALUE}) {
      BitHistogram counted = new BitHistogram();
      counted.add(new float[] {x});
      assertEquals(1, counted.counts()[Float.floatToRawIntBits(x) >>> shift], "bin of " + x);
    }
  }

  @Test
  void matrixProductsHaveTheThreadsAndColumnsOfTheirVariants() {
    String file = "common/gemm.cuh";
    long threadRows =
        CudaConstants.constant(file, "TILE_ROWS") / CudaConstants.constant(file, "ROWS_PER_THREAD");
    long columns = CudaConstants.constant(file, "COLUMNS_PER_THREAD");
    for (String source : List.of("pointwise_gemm.cu", "conv2d.cu")) {
      Matcher variant =
          Pattern.compile("DS_GEMM_KERNELS\\((\\w+), (\\w+), (\\d+), \\d+, \\w+\\)")
              .matcher(CudaConstants.text(source));
      int seen = 0;
      while (variant.find()) {
        seen++;
        int tx = Integer.parseInt(variant.group(3));
        var kernels =
            KernelCatalog.all().stream()
                .filter(k -> k.symbol().startsWith("ds_" + variant.group(1) + "_"))
                .filter(k -> k.symbol().endsWith("__" + variant.group(2)))
                .filter(k -> k.file().equals(source.replace(".cu", "")))
                .toList();
        assertEquals(Mode.values().length, kernels.size(), variant.group());
        kernels.forEach(
            k -> {
              assertEquals(threadRows * tx, k.threads(), k::toString);
              assertEquals(columns * tx, KernelCatalog.columns(k), k::toString);
            });
      }
      assertEquals(2, seen, source);
    }
  }

  @Test
  void reciprocalsThatAreNoNormalNumbersAreLeftOut() {
    assertEquals(2f, LayerParams.reciprocal(0.5f));
    assertEquals(Float.MIN_NORMAL, LayerParams.reciprocal(Math.scalb(1f, 126)));
    for (float scale :
        new float[] {Float.MIN_VALUE, Math.scalb(1f, -128), Math.scalb(1f, 127), 3e38f}) {
      assertTrue(Float.isNaN(LayerParams.reciprocal(scale)), "scale " + scale);
    }
    assertFalse(Float.isNaN(LayerParams.reciprocal(Math.scalb(1f, -127))));
  }
}
