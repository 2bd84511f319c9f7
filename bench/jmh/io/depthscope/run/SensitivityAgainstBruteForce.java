package io.depthscope.run;

import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.dataset.Batches;
import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.Datasets;
import io.depthscope.dataset.ImageBatch;
import io.depthscope.dataset.SelectedImages;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.record.Calibration;
import io.depthscope.record.Sensitivity;
import io.depthscope.record.Sensitivity.Direction;
import io.depthscope.record.SensitivityState;
import io.depthscope.run.CutRuns.Run;
import io.depthscope.stats.ErrorSums;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The time of a measurement of sensitivity and of what it stands for, every run of the whole
 * network by itself on all images, one stream, in turns: after each batch of the former a share of
 * the latter. Then the rank correlation of both. W8A8 per tensor, calibrated on the first 100
 * images.
 *
 * <p>Arguments: the model, the folder of images, the file of their classes, the number of images,
 * threads.
 */
public final class SensitivityAgainstBruteForce {
  private static final int CALIBRATION = 100;
  private static final int BATCH = 32;

  private final Plan pair;
  private final Machine machine;
  private final List<ImageBatch> images = new ArrayList<>();
  private final List<Run> runs = new ArrayList<>();
  private final List<float[]> fp32 = new ArrayList<>();
  private final CutRuns cuts;
  private final double[] noise;
  private int done;
  private long nanos;

  private SensitivityAgainstBruteForce(Plan pair, Machine machine) {
    this.pair = pair;
    this.machine = machine;
    this.cuts = new CutRuns(pair, machine.backend(), BATCH);
    for (Direction d : Direction.values()) {
      IntStream.range(0, cuts.layers().size()).forEach(l -> runs.add(new Run(d, l)));
    }
    this.noise = new double[runs.size()];
  }

  /** Measures, and prints a JSON object. */
  public static void main(String[] args) throws IOException {
    int count = Integer.parseInt(args[3]);
    int threads = Integer.parseInt(args[4]);
    LoadedModel model = ModelReader.load(Path.of(args[0]), LoadOptions.NONE);
    Subject subject = new Subject(model, StatedImages.NOTHING.preprocessing(model));
    Datasets.Options options =
        new Datasets.Options(Optional.of(Path.of(args[2])), false, 0, true, 0);
    Machine machine = new Machine(new CpuBackend(threads), "asked for", threads, BATCH);
    RangeEstimator minMax = new RangeEstimator.MinMax();
    QuantScheme scheme =
        QuantScheme.parse("w8a8", false, false, Granularity.PER_TENSOR, minMax, minMax);
    try (Dataset data = Datasets.open(args[1], options)) {
      Analysis of =
          new Analysis(
              subject,
              new TestImages<>(data, count, false, 0),
              new Method(new Quantization.ByScheme(scheme), Feed.ACCUMULATED, Recording.PAIRED),
              CalibrationSource.of(
                  "data", CALIBRATION, CalibrationSource.Order.FIRST, Optional.empty(), () -> data),
              machine);
      Calibration seen;
      try (Batches batches = of.batches(data, 0, CALIBRATION, u -> {})) {
        seen =
            new CalibrationPass(machine.backend(), subject.fp32Plan(Recording.CALIBRATION))
                .run(batches, BATCH, "data");
      }
      Plan pair = of.plan(seen, Optional.empty());
      new SensitivityAgainstBruteForce(pair, machine).measure(of, data, count);
    }
  }

  private void measure(Analysis of, Dataset data, int count) throws IOException {
    Dataset interleaved = SelectedImages.interleaved(data, count);
    try (Batches batches = of.batches(interleaved, 0, count, u -> {})) {
      for (ImageBatch b = batches.next(); b != null; b = batches.next()) {
        images.add(b);
      }
    }
    PairedRun.Labels labels = new PairedRun.Labels(true, of.subject().model().firstClass());
    LayerSensitivity layers =
        new LayerSensitivity(pair, machine, SensitivityAim.USUAL, count, labels);
    SensitivityState state = layers.newState();
    long began = System.nanoTime();
    layers.run(
        state,
        (from, to, skipped) -> of.batches(interleaved, from, to, skipped),
        s -> bruteForce((runs.size() + 2) * s.images() / count),
        new Silent());
    double shared = (System.nanoTime() - began - nanos) / 1e9;
    bruteForce(runs.size() + 2);
    Sensitivity result = layers.result(state, Optional.empty(), CALIBRATION);
    System.out.printf(
        Locale.ROOT,
        "{\"device\": \"%s\", \"images\": %d, \"layers\": %d,%n"
            + " \"passes\": %.3f, \"seconds\": %.1f,%n"
            + " \"bruteForcePasses\": %.0f, \"bruteForceSeconds\": %.1f,%n",
        machine.backend().description(),
        count,
        cuts.layers().size(),
        result.cost().passes(),
        shared,
        result.cost().bruteForcePasses(),
        nanos / 1e9);
    for (Direction d : Direction.values()) {
      List<String> own = result.ranking(d).stream().map(Sensitivity.Layer::name).toList();
      System.out.printf(
          Locale.ROOT,
          " \"%sSpearman\": %.4f%s%n",
          d.word(),
          spearman(own, ranking(d)),
          d == Direction.ALONE ? "," : "}");
    }
  }

  /** Runs both whole networks and then each run until so many have ended. */
  private void bruteForce(int until) throws IOException {
    long from = System.nanoTime();
    int n = pair.outputSize();
    for (; done < until; done++) {
      Plan plan =
          done == 0
              ? Plan.fp32(pair.network(), pair.inputTable(), Recording.PLAIN)
              : done == 1 ? pair.alone() : cuts.plan(runs.get(done - 2));
      try (Program program = machine.backend().compile(plan, BATCH)) {
        for (int b = 0; b < images.size(); b++) {
          BatchOutput o = Program.await(program.submit(InputBatch.of(images.get(b))));
          if (done == 0) {
            fp32.add(o.baseline());
          } else if (done > 1) {
            noise[done - 2] += ErrorSums.energy(fp32.get(b), o.baseline(), 0, o.count() * n);
          }
        }
      }
    }
    nanos += System.nanoTime() - from;
  }

  private List<String> ranking(Direction d) {
    int sign = d == Direction.ALONE ? -1 : 1; // alone, the most sensitive one has the most noise
    return IntStream.range(0, runs.size())
        .boxed()
        .filter(r -> runs.get(r).direction() == d)
        .sorted(Comparator.comparingDouble((Integer r) -> sign * noise[r]))
        .map(r -> pair.step(cuts.layers().get(runs.get(r).layer())).node().name())
        .toList();
  }

  private static double spearman(List<String> a, List<String> b) {
    double n = a.size();
    double squares =
        IntStream.range(0, a.size()).mapToDouble(i -> Math.pow(i - b.indexOf(a.get(i)), 2)).sum();
    return 1 - 6 * squares / (n * (n * n - 1));
  }

  /** Tells nobody. */
  private static final class Silent implements RunListener {
    @Override
    public void notice(String line) {}

    @Override
    public Progress begin(String what, long from, long to) {
      return new Progress() {
        @Override
        public void at(long images) {}

        @Override
        public void close() {}
      };
    }

    @Override
    public boolean stop() {
      return false;
    }
  }
}
