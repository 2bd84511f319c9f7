package io.depthscope.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.depthscope.cli.Main;
import io.depthscope.diagnosis.Advice;
import io.depthscope.diagnosis.Cost;
import io.depthscope.diagnosis.Evidence;
import io.depthscope.diagnosis.Finding;
import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;
import io.depthscope.record.RunReader;
import io.depthscope.stats.ErrorStatistics;
import io.depthscope.stats.Prediction;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A small real run, made by the command line, and what can be made of it. */
final class RunOfTests {
  /** Breaks out of a script, an attribute or a text wherever it is not escaped. */
  static final String HOSTILE =
      "</script><img src=x onerror=document.title='broken'>\"'&<!--\u2028\u00fc\u4e2d";

  private RunOfTests() {}

  /**
   * Runs {@code analyze} on synthetic images.
   *
   * @param more arguments besides
   */
  static Run make(Path folder, String... more) {
    List<String> args =
        new ArrayList<>(
            List.of("analyze", "--data", "synthetic:40", "--calibrate", "20", "--backend", "cpu"));
    args.addAll(List.of("--quiet", "--out", folder.toString()));
    args.addAll(List.of(more));
    StringWriter text = new StringWriter();
    int code = Main.run(args.toArray(String[]::new), new PrintWriter(text), new PrintWriter(text));
    assertEquals(0, code, text::toString);
    try {
      return RunReader.read(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The run with hostile names of network, layers, images and manifest, and odd numbers. */
  static Run hostile(Run run) {
    List<RunLayer> layers = new ArrayList<>();
    for (RunLayer l : run.layers()) {
      RunLayer named =
          l.named(l.name() + HOSTILE, l.inputs().stream().map(i -> i + HOSTILE).toList());
      layers.add(l.identity().index() == 1 ? odd(named) : named);
    }
    Map<String, Object> manifest = new LinkedHashMap<>(run.manifest());
    manifest.put("data", HOSTILE);
    manifest.put(HOSTILE, List.of(HOSTILE, 1, true));
    return new Run(
        run.name(),
        run.model() + HOSTILE,
        run.family(),
        run.scheme(),
        run.feed(),
        run.calibrationImages(),
        run.network(),
        run.outputs(),
        layers,
        run.predictions().stream()
            .map(
                p ->
                    new Prediction(
                        p.index(),
                        p.image() + HOSTILE,
                        p.label(),
                        p.fp32(),
                        // So that some have flipped, whatever the network makes of the images.
                        p.index() % 4 == 0 ? -1 : p.quantized(),
                        p.index() == 3 ? Double.NaN : p.margin(),
                        p.logitNoise(),
                        p.sqnrDb()))
            .toList(),
        manifest);
  }

  /** The run with images in the folders of their classes, but for those of class 1, in two. */
  static Run inFolders(Run run) {
    return run.withPredictions(
        run.predictions().stream()
            .map(
                p ->
                    new Prediction(
                        p.index(),
                        "folder-" + (p.label() == 1 ? p.index() : p.label()) + "/" + p.index(),
                        p.label(),
                        p.fp32(),
                        p.quantized(),
                        p.margin(),
                        p.logitNoise(),
                        p.sqnrDb()))
            .toList());
  }

  /** As an earlier version recorded it. */
  static Run withoutSources(Run run) {
    return run.withLayers(
        run.layers().stream()
            .map(l -> l.with(l.error().with(Optional.empty()), l.step()))
            .toList());
  }

  private static RunLayer odd(RunLayer l) {
    return l.with(
        new ErrorStatistics(
            0,
            Double.NaN,
            Double.NEGATIVE_INFINITY,
            Double.POSITIVE_INFINITY,
            0,
            1,
            0,
            l.error().energies()),
        new RunLayer.Step(Double.NaN, l.step().rangeFluctuation()));
  }

  static Finding finding(String layer, String statement) {
    return new Finding(
        Finding.Kind.DOMINANT_CHANNELS,
        Finding.Severity.HIGH,
        layer,
        List.of(0, 2),
        List.of(1),
        statement,
        new Advice("A remedy.", List.of("equalize")),
        new Evidence(List.of(new Evidence.Measured("ratio", 0.125))),
        new Cost(0.5, 10),
        List.of());
  }
}
