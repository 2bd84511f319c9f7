package io.depthscope.backend.cpu;

import io.depthscope.verification.LayerCase;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Runs the benchmarks over the shape files and prints what each kernel reaches. The first argument
 * may be a pattern that chooses benchmarks; the others are JMH's options, such as {@code -p
 * layer=FILE/LAYER}. The system property {@code depthscope.bench.shapes} lists shape files.
 */
public final class RunBenchmarks {
  private static final String ALL_SHAPES = "mobilenet_v1,dws_cnn,regular_cnn";

  private final Pattern chosen;
  private final CommandLineOptions common;
  private final List<BenchLayer> layers = new ArrayList<>();
  private final List<RunResult> results = new ArrayList<>();

  private RunBenchmarks(Pattern chosen, CommandLineOptions common) throws IOException {
    this.chosen = chosen;
    this.common = common;
    for (String file : System.getProperty("depthscope.bench.shapes", ALL_SHAPES).split(",", -1)) {
      layers.addAll(BenchLayer.read(file));
    }
  }

  public static void main(String[] args)
      throws IOException, RunnerException, CommandLineOptionException {
    boolean named = args.length > 0 && !args[0].startsWith("-");
    RunBenchmarks run =
        new RunBenchmarks(
            Pattern.compile(named ? args[0] : ""),
            new CommandLineOptions(Arrays.copyOfRange(args, named ? 1 : 0, args.length)));
    run.peak();
    run.benchmark(GemmBenchmark.class, l -> !l.isDepthwise());
    run.benchmark(DepthwiseBenchmark.class, BenchLayer::isDepthwise);
    run.benchmark(EpilogueBenchmark.class, l -> true);
    run.finish();
  }

  /** The peak that the rates are compared with; measured unless another kind is asked for. */
  private void peak() throws RunnerException {
    if (chosen.matcher(PeakBenchmark.class.getName()).find()
        || chosen.matcher(GemmBenchmark.class.getName()).find()) {
      OptionsBuilder options = new OptionsBuilder();
      options.parent(common).include(Pattern.quote(PeakBenchmark.class.getName()));
      results.addAll(new Runner(options.shouldFailOnError(true).build()).run());
    }
  }

  private void benchmark(Class<?> type, Predicate<BenchLayer> takes) throws RunnerException {
    if (!chosen.matcher(type.getName()).find()) {
      return;
    }
    String[] ids = distinct(takes);
    if (ids.length == 0) {
      return;
    }
    OptionsBuilder options = new OptionsBuilder();
    options.parent(common).include(Pattern.quote(type.getName())).shouldFailOnError(true);
    options.param("layer", ids);
    results.addAll(new Runner(options.build()).run());
  }

  /** The layers asked for, or all; those of equal shape are measured once. */
  private String[] distinct(Predicate<BenchLayer> takes) {
    Set<LayerCase> seen = new HashSet<>();
    Collection<String> wanted = common.getParameter("layer").orElse(List.of());
    return layers.stream()
        .filter(takes)
        .filter(l -> wanted.isEmpty() || wanted.contains(l.id()))
        .filter(l -> seen.add(anonymous(l.layer())))
        .map(BenchLayer::id)
        .toArray(String[]::new);
  }

  private static LayerCase anonymous(LayerCase l) {
    return new LayerCase("any", l.op(), l.inputs(), l.clamp());
  }

  private void finish() throws IOException {
    if (common.getResult().hasValue()) {
      ResultFormatFactory.getInstance(
              common.getResultFormat().orElse(ResultFormatType.JSON), common.getResult().get())
          .writeOut(results);
    }
    OptionalDouble peak =
        results.stream()
            .filter(r -> r.getParams().getParam("layer") == null)
            .mapToDouble(r -> PeakBenchmark.flops() / fastest(r) / 1e3)
            .findFirst();
    peak.ifPresent(p -> System.out.printf(Locale.ROOT, "%npeak %.1f GFLOP/s%n", p));
    System.out.printf(
        "%n%-10s %-26s %-10s %12s %12s%n", "kernel", "layer", "level", "us", "fastest us");
    for (RunResult r : results) {
      if (r.getParams().getParam("layer") != null) {
        print(r, peak);
      }
    }
  }

  /** Microseconds of the fastest iteration: what other programs on the machine disturbed least. */
  private static double fastest(RunResult r) {
    return r.getPrimaryResult().getStatistics().getMin();
  }

  private static void print(RunResult r, OptionalDouble peak) throws IOException {
    String layer = r.getParams().getParam("layer");
    BenchLayer l = BenchLayer.of(layer);
    String level = Objects.requireNonNullElse(r.getParams().getParam("recording"), "");
    String rate;
    if (level.isEmpty()) {
      double gflops = l.flops() / fastest(r) / 1e3;
      rate = String.format(Locale.ROOT, "%8.1f GFLOP/s", gflops);
      if (peak.isPresent()) {
        rate += String.format(Locale.ROOT, " %4.0f %% of peak", 100 * gflops / peak.getAsDouble());
      }
    } else {
      rate = String.format(Locale.ROOT, "%8.3f ns/value", fastest(r) * 1e3 / l.out().size());
    }
    System.out.printf(
        Locale.ROOT,
        "%-10s %-26s %-10s %12.1f %12.1f %s%n",
        r.getPrimaryResult().getLabel(),
        layer,
        level,
        r.getPrimaryResult().getScore(),
        fastest(r),
        rate);
  }
}
