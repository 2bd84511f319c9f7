package io.depthscope.cli;

import io.depthscope.record.AtomicFile;
import io.depthscope.record.MendAccount;
import io.depthscope.record.MendDirectory;
import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;
import io.depthscope.record.RunReader;
import io.depthscope.report.figure.FigureFormat;
import io.depthscope.report.figure.FigureName;
import io.depthscope.report.figure.FigureRequest;
import io.depthscope.report.figure.FigureRun;
import io.depthscope.report.figure.Figures;
import io.depthscope.report.figure.HeatMapMetric;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Draws a figure of finished runs. */
@Command(
    name = "plot",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Draw one figure of a finished run, or of several on shared axes, for papers and slides.",
      "'depthscope plot --list' names the figures."
    })
final class PlotCommand implements Callable<Integer> {
  private static final double SMALLEST = 100;
  private static final double LARGEST = 20_000;
  private static final double MOST_PIXELS = 40e6; // 160 MB while it is drawn
  private static final int MOST_RUNS = 28; // as many lines differ in colour and dash

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "RUN",
      arity = "0..*",
      description = "Folders of finished runs, or of mend.")
  private List<Path> runs = List.of();

  @Option(names = "--list", description = "Name the figures and what they show, and end.")
  private boolean list;

  @Option(names = "--figure", paramLabel = "NAME", description = "Which figure; see --list.")
  private FigureName figure;

  @Option(
      names = "--format",
      paramLabel = "F",
      description = "svg, png or pdf. Default: the ending of --out, else svg.")
  private FigureFormat format;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = {
        "File to write. Default: FIGURE.FORMAT in the folder of the first run, with the layer or",
        "metric in its name where there is one. That file is replaced if it exists; another one",
        "only with --overwrite."
      })
  private Path out;

  @Option(names = "--overwrite", description = "Replace the file that --out names.")
  private boolean overwrite;

  @Option(names = "--layer", paramLabel = "NAME", description = "Layer of the histogram.")
  private String layer;

  @Option(
      names = "--metric",
      paramLabel = "M",
      description = "What a heat map shows: sqnr or levels (effective levels). Default: sqnr.")
  private HeatMapMetric metric;

  @Option(
      names = "--width",
      paramLabel = "W",
      description = {
        "Pixels of PNG, CSS pixels of SVG, points of PDF. Default: 1920, 960 or 720; with --height",
        "alone, in proportion 5:3. Text grows with the figure."
      })
  private Double width;

  @Option(names = "--height", paramLabel = "H", description = "Likewise; default 1152, 576 or 432.")
  private Double height;

  @Option(
      names = "--text-scale",
      paramLabel = "F",
      defaultValue = "1",
      description = "Text, lines and points this much larger, 0.5 to 3. Default: 1.")
  private double textScale;

  @Option(names = "--dark", description = "Light lines on dark ground.")
  private boolean dark;

  @Override
  public Integer call() throws IOException {
    if (list) {
      for (FigureName f : FigureName.values()) {
        spec.commandLine()
            .getOut()
            .println(
                String.format(
                    Locale.ROOT,
                    "%-21s %s%s",
                    f,
                    f.description(),
                    f.isOfSeveralRuns() ? "; several runs" : ""));
      }
      return 0;
    }
    FigureName name = figure();
    FigureFormat as = format();
    double[] size = size(as);
    requireUse(name);
    Path target = out == null ? defaultFile(name, as) : out;
    OutputFile.check("--out", target, out != null, overwrite);
    List<FigureRun> read = read(name);
    if (name == FigureName.HISTOGRAM) {
      requireLayer(read.getFirst().run());
    }
    byte[] bytes =
        Figures.render(
            new FigureRequest(
                name,
                read,
                name.isOfMending()
                    ? Optional.of(MendAccount.read(runs.getFirst().resolve(MendDirectory.ACCOUNT)))
                    : Optional.empty(),
                Optional.ofNullable(layer),
                metric == null ? HeatMapMetric.SQNR : metric,
                size[0],
                size[1],
                textScale,
                dark),
            as);
    AtomicFile.write(target, o -> o.write(bytes));
    spec.commandLine().getOut().println("figure: " + target);
    return 0;
  }

  private FigureName figure() {
    if (figure == null) {
      throw new UsageException(
          "--figure is missing; figures are " + String.join(", ", FigureName.names()));
    }
    return figure;
  }

  private FigureFormat format() {
    if (format != null || out == null || out.getFileName() == null) {
      return format == null ? FigureFormat.SVG : format;
    }
    String file = out.getFileName().toString().toLowerCase(Locale.ROOT);
    for (FigureFormat f : FigureFormat.values()) {
      if (file.endsWith("." + f.ending())) {
        return f;
      }
    }
    throw new UsageException(
        "--out " + out + " ends in neither svg, png nor pdf; say which with --format");
  }

  private double[] size(FigureFormat as) {
    double shape = as.width() / as.height();
    double w = width != null ? width : height != null ? height * shape : as.width();
    double h = height != null ? height : w / shape;
    requireBetween("--width", w, SMALLEST, LARGEST);
    requireBetween("--height", h, SMALLEST, LARGEST);
    requireBetween("--text-scale", textScale, 0.5, 3);
    if (as == FigureFormat.PNG) {
      w = Math.round(w);
      h = Math.round(h);
      if (w * h > MOST_PIXELS) {
        throw new UsageException("a PNG may have 40 million pixels at most; svg and pdf scale");
      }
    }
    return new double[] {w, h};
  }

  private static void requireBetween(String option, double value, double low, double high) {
    if (!(value >= low && value <= high)) {
      throw new UsageException(
          String.format(
              Locale.ROOT,
              "%s must be between %s and %s, got %s",
              option,
              plain(low),
              plain(high),
              plain(value)));
    }
  }

  private static String plain(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e9
        ? Long.toString((long) value)
        : Double.toString(value);
  }

  private void requireUse(FigureName name) {
    if (runs.isEmpty()) {
      throw new UsageException("no run is named; give the folder of a finished run");
    }
    if (runs.size() > 1 && !name.isOfSeveralRuns()) {
      throw new UsageException(
          "figure " + name + " shows one run, not " + runs.size() + "; draw one figure a run");
    }
    if (runs.size() > MOST_RUNS) {
      throw new UsageException("a figure shows " + MOST_RUNS + " runs at most, not " + runs.size());
    }
    if (name.isOfMending() && !MendDirectory.isComplete(runs.getFirst())) {
      throw new UsageException(
          "figure " + name + " shows what mend left; " + runs.getFirst() + " has no mend.json");
    }
    if (layer != null && name != FigureName.HISTOGRAM) {
      throw new UsageException(
          "--layer is for the histogram; figure " + name + " shows all layers");
    }
    if (metric != null && name != FigureName.HEAT_MAP) {
      throw new UsageException("--metric is for the heat-map, not for figure " + name);
    }
  }

  private Path defaultFile(FigureName name, FigureFormat as) {
    String detail =
        name == FigureName.HISTOGRAM && layer != null
            ? "-" + layer.replaceAll("[^A-Za-z0-9._-]", "_")
            : metric == HeatMapMetric.LEVELS ? "-" + metric : "";
    return runs.getFirst().resolve(name + detail + "." + as.ending());
  }

  private List<FigureRun> read(FigureName name) throws IOException {
    List<FigureRun> read = new ArrayList<>();
    for (Path folder : runs) {
      Run run = RunReader.read(name.isOfMending() ? folder.resolve(MendDirectory.BEFORE) : folder);
      Run kept = name.needsDetails() ? run : run.withoutDetails();
      // Runs of one name in different folders are told apart by their paths.
      boolean unique = runs.stream().filter(r -> namesSame(r, folder)).count() == 1;
      read.add(new FigureRun(unique ? run.name() : folder.toString(), kept));
    }
    return read;
  }

  private static boolean namesSame(Path a, Path b) {
    return a.toAbsolutePath()
        .normalize()
        .endsWith(Optional.ofNullable(b.toAbsolutePath().normalize().getFileName()).orElse(b));
  }

  private void requireLayer(Run run) {
    List<String> names = run.layers().stream().map(RunLayer::name).toList();
    if (layer == null || !names.contains(layer)) {
      throw new UsageException(
          (layer == null ? "a histogram needs --layer" : "there is no layer '" + layer + "'")
              + "; layers are "
              + String.join(", ", names));
    }
  }
}
