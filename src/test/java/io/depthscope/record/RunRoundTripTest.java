package io.depthscope.record;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.depthscope.graph.Op;
import io.depthscope.plan.Feed;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.Distribution;
import io.depthscope.stats.ErrorStatistics;
import io.depthscope.stats.ErrorTerm;
import io.depthscope.stats.Extreme;
import io.depthscope.stats.Prediction;
import io.depthscope.stats.SourceEnergies;
import io.depthscope.stats.TensorStatistics;
import io.depthscope.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever a run holds, it is read back equal, and written again it has the same bytes. */
class RunRoundTripTest {
  private static final int RUNS = 60;
  private static final List<String> FILES =
      List.of(
          "results.json",
          "histograms.json",
          "layers.csv",
          "channels.csv",
          "predictions.csv",
          "manifest.json");

  @TempDir private Path folder;

  /** Makes runs in which any figure may be any number. */
  private static final class Maker {
    private final Random random;

    Maker(long seed) {
      random = new Random(seed);
    }

    Run run(String name) {
      boolean weights = random.nextBoolean();
      Optional<QuantFormat> ofWeights = weights ? Optional.of(format()) : Optional.empty();
      Optional<QuantFormat> ofActivations =
          !weights || random.nextBoolean() ? Optional.of(format()) : Optional.empty();
      boolean sources = random.nextBoolean();
      List<RunLayer> layers = new ArrayList<>();
      for (int i = 0; i < 1 + random.nextInt(4); i++) {
        layers.add(layer(i, layers, sources));
      }
      List<Prediction> predictions = new ArrayList<>();
      for (int i = 0; i < random.nextInt(5); i++) {
        predictions.add(
            new Prediction(
                10 * i + random.nextInt(10),
                text(),
                random.nextInt(20) - 1,
                random.nextInt(20) - 1,
                random.nextInt(20) - 1,
                number(),
                number(),
                number()));
      }
      return new Run(
          name,
          text(),
          text(),
          new QuantScheme(
              ofWeights,
              ofActivations,
              Granularity.values()[random.nextInt(2)],
              estimator(),
              estimator()),
          Feed.values()[random.nextInt(2)],
          count(),
          new Run.Network(
              predictions.size(),
              count(),
              random.nextBoolean()
                  ? Optional.of(new Run.Accuracy(number(), number(), number(), number(), number()))
                  : Optional.empty(),
              random.nextBoolean()
                  ? Optional.of(new Run.Classes(number(), number(), number(), number()))
                  : Optional.empty()),
          outputs(),
          layers,
          predictions,
          manifest());
    }

    private List<Run.Output> outputs() {
      List<Run.Output> all = new ArrayList<>();
      for (int i = 0; i < 1 + random.nextInt(3); i++) {
        all.add(new Run.Output(text(), number(), number(), number(), number(), number(), number()));
      }
      return all;
    }

    private Map<String, Object> manifest() {
      Map<String, Object> all = new LinkedHashMap<>();
      all.put("text", text());
      all.put("threads", random.nextInt());
      all.put("bytes", random.nextLong());
      all.put("seconds", number());
      all.put("strict", random.nextBoolean());
      all.put("mean", List.of(random.nextFloat(), (float) 1e-9, 3e20f));
      all.put("nothing", null);
      all.put("nested", Map.of("list", List.of(1, 2.5, "three")));
      return all;
    }

    private RunLayer layer(int index, List<RunLayer> before, boolean sources) {
      int channels = 1 + random.nextInt(4);
      boolean weights = random.nextBoolean();
      Optional<QuantParams> params =
          random.nextBoolean()
              ? Optional.of(
                  new QuantParams(Math.max(Float.MIN_VALUE, random.nextFloat() * 1e-3f), 3, -8, 7))
              : Optional.empty();
      BitHistogram histogram = new BitHistogram();
      for (int i = 0; i < random.nextInt(50); i++) {
        histogram.add(Float.intBitsToFloat(random.nextInt()));
      }
      long[] codes = random.ints(16, 0, 1000).asLongStream().toArray();
      long quantized = 0;
      for (long c : codes) {
        quantized += c;
      }
      List<RunLayer.Channel> all = new ArrayList<>();
      for (int c = 0; c < channels; c++) {
        long count = count();
        all.add(
            new RunLayer.Channel(
                c,
                weights ? Optional.of(distribution()) : Optional.empty(),
                weights ? Double.parseDouble(Float.toString(random.nextFloat())) : Double.NaN,
                weights ? random.nextGaussian() : Double.NaN,
                weights ? random.nextGaussian() : Double.NaN,
                tensor(count),
                params.isPresent() ? number() : Double.NaN,
                tensor(count),
                error(sources, Double.NaN)));
      }
      return new RunLayer(
          new RunLayer.Identity(
              index,
              "layer " + index + text(),
              text(),
              Op.Role.values()[random.nextInt(Op.Role.values().length)],
              before.stream().map(RunLayer::name).toList(),
              text(),
              new Shape(1 + random.nextInt(9), 1 + random.nextInt(9), channels),
              count()),
          weights
              ? Optional.of(
                  new RunLayer.Weights(
                      tensor(count()),
                      number(),
                      number(),
                      number(),
                      number(),
                      number(),
                      number(),
                      random.nextBoolean()
                          ? Optional.empty()
                          : Optional.of(
                              new RunLayer.WeightCodes(
                                  2 + random.nextInt(1 << 16),
                                  random.nextBoolean(),
                                  random.nextBoolean()))))
              : Optional.empty(),
          new RunLayer.Output(tensor(histogram.count()), number()),
          new RunLayer.Output(tensor(quantized), number()),
          params,
          error(sources, number()),
          new RunLayer.Step(number(), number()),
          new RunLayer.Reach(extremes(), extremes()),
          new RunLayer.Details(
              all, Optional.of(histogram), params.map(p -> new RunLayer.Codes(p.qmin(), codes))));
    }

    private List<Extreme> extremes() {
      List<Extreme> all = new ArrayList<>();
      for (int i = 0; i < random.nextInt(4); i++) {
        float value = Float.intBitsToFloat(random.nextInt());
        all.add(new Extreme(random.nextInt(1000), Float.isNaN(value) ? -0f : value));
      }
      return all;
    }

    private ErrorStatistics error(boolean sources, double total) {
      Map<ErrorTerm, Double> terms = new EnumMap<>(ErrorTerm.class);
      for (ErrorTerm t : ErrorTerm.values()) {
        terms.put(t, number());
      }
      return new ErrorStatistics(
          number(),
          number(),
          number(),
          number(),
          number(),
          number(),
          number(),
          sources ? Optional.of(new SourceEnergies(total, terms, number())) : Optional.empty());
    }

    private TensorStatistics tensor(long count) {
      return new TensorStatistics(count, distribution(), count(), count(), count());
    }

    private Distribution distribution() {
      return new Distribution(number(), number(), number(), number(), number(), number());
    }

    private QuantFormat format() {
      return new QuantFormat(2 + random.nextInt(15), random.nextBoolean(), random.nextBoolean());
    }

    private RangeEstimator estimator() {
      return switch (random.nextInt(3)) {
        case 0 -> new RangeEstimator.MinMax();
        case 1 -> new RangeEstimator.MseOptimal();
        default -> new RangeEstimator.Percentile(100 - random.nextDouble());
      };
    }

    private long count() {
      return random.nextLong(1L << 52);
    }

    private double number() {
      return switch (random.nextInt(12)) {
        case 0 -> Double.NaN;
        case 1 -> Double.POSITIVE_INFINITY;
        case 2 -> Double.NEGATIVE_INFINITY;
        case 3 -> 0;
        case 4 -> -0.0;
        case 5 -> Double.MIN_VALUE;
        case 6 -> Double.MAX_VALUE;
        case 7 -> Math.rint(100 * random.nextGaussian());
        default -> random.nextGaussian() * Math.pow(10, random.nextInt(40) - 20);
      };
    }

    private String text() {
      String[] all = {"a", "b,c", "\"quoted\"", "ü中", "x\\y", "-", "1e5", " spaced "};
      return all[random.nextInt(all.length)] + random.nextInt(10);
    }
  }

  @Test
  void whatIsWrittenIsReadBackEqual() throws IOException {
    for (int seed = 0; seed < RUNS; seed++) {
      Path directory = Files.createDirectories(folder.resolve("run " + seed));
      Run run = new Maker(seed).run(RunDirectory.name(directory));
      RunDirectory.write(directory, run);
      Run back = RunReader.read(directory);
      assertEquals(run, back, "seed " + seed);
      assertEquals(run.hashCode(), back.hashCode(), "seed " + seed);
      Path again = Files.createDirectories(folder.resolve("again"));
      RunDirectory.write(again, back);
      for (String file : FILES) {
        assertArrayEquals(
            Files.readAllBytes(directory.resolve(file)),
            Files.readAllBytes(again.resolve(file)),
            file + ", seed " + seed);
      }
    }
  }

  /** Equality must see every figure, or the test above says nothing. */
  @Test
  void runsThatDifferAreNotEqual() {
    Run run = new Maker(1).run("run");
    assertEquals(run, new Maker(1).run("run"));
    assertNotEquals(run, new Maker(2).run("run"));
    RunLayer first = run.layers().getFirst();
    BitHistogram one = first.histogram().copy();
    one.add(1);
    List<RunLayer> others = new ArrayList<>(run.layers());
    others.set(
        0, first.with(new RunLayer.Details(first.channels(), Optional.of(one), first.codes())));
    assertNotEquals(run, run.withLayers(others));
    assertNotEquals(
        new RunLayer.Codes(0, new long[] {1, 2}), new RunLayer.Codes(0, new long[] {1, 3}));
  }
}
