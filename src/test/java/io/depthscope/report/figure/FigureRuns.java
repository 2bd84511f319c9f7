package io.depthscope.report.figure;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.depthscope.cli.Main;
import io.depthscope.store.RecordedLayer;
import io.depthscope.store.RecordedRun;
import io.depthscope.store.RunReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Runs to draw: a real one, and it changed into what a run seldom is. */
final class FigureRuns {

  private FigureRuns() {}

  /** Runs the embedded network on few images. */
  static RecordedRun real(Path folder) throws IOException {
    String[] args = {
      "analyze",
      "--data",
      "synthetic:40",
      "--calibrate",
      "20",
      "--error-sources",
      "--backend",
      "cpu",
      "--quiet",
      "--out",
      folder.toString()
    };
    StringWriter text = new StringWriter();
    int code = Main.run(args, new PrintWriter(text), new PrintWriter(text));
    assertEquals(0, code, text::toString);
    return RunReader.read(folder);
  }

  static FigureRequest request(FigureName figure, RecordedRun run) {
    return new FigureRequest(
        figure,
        List.of(new FigureRun(run.name(), run)),
        figure == FigureName.HISTOGRAM
            ? Optional.of(run.layers().getLast().name())
            : Optional.empty(),
        HeatMapMetric.SQNR,
        960,
        576,
        1,
        false);
  }

  static RecordedRun withLayers(RecordedRun run, List<RecordedLayer> layers) {
    return new RecordedRun(
        run.name(),
        run.model(),
        run.family(),
        run.scheme(),
        run.feed(),
        run.calibrationImages(),
        run.network(),
        layers,
        run.predictions(),
        run.manifest());
  }

  static RecordedRun named(RecordedRun run, String model, UnaryOperator<String> names) {
    RecordedRun renamed =
        withLayers(
            run,
            run.layers().stream()
                .map(l -> layer(l, names.apply(l.name()), l.error(), l.channels()))
                .toList());
    return new RecordedRun(
        renamed.name(),
        model,
        renamed.family(),
        renamed.scheme(),
        renamed.feed(),
        renamed.calibrationImages(),
        renamed.network(),
        renamed.layers(),
        renamed.predictions(),
        renamed.manifest());
  }

  /** Every layer and channel with this SQNR and gain. */
  static RecordedLayer withError(RecordedLayer l, double sqnrDb, double gain) {
    return layer(
        l,
        l.name(),
        error(l.error(), sqnrDb, gain),
        l.channels().stream()
            .map(
                c ->
                    new RecordedLayer.Channel(
                        c.channel(),
                        c.weightMin(),
                        c.weightMax(),
                        c.weightVariance(),
                        c.batchNormVariance(),
                        c.foldingFactor(),
                        c.weightEffectiveLevels(),
                        c.fp32(),
                        c.effectiveLevels(),
                        c.quantized(),
                        error(c.error(), sqnrDb, Double.NaN)))
            .toList());
  }

  private static RecordedLayer.ErrorFigures error(
      RecordedLayer.ErrorFigures e, double sqnrDb, double gain) {
    return new RecordedLayer.ErrorFigures(
        e.mse(),
        e.meanError(),
        e.maxAbs(),
        sqnrDb,
        e.nsr(),
        e.cosine(),
        e.saturation(),
        gain,
        e.energies());
  }

  private static RecordedLayer layer(
      RecordedLayer l,
      String name,
      RecordedLayer.ErrorFigures error,
      List<RecordedLayer.Channel> channels) {
    return new RecordedLayer(
        l.index(),
        name,
        l.kind(),
        l.inputs(),
        l.activation(),
        l.shape(),
        l.macs(),
        l.weights(),
        l.fp32(),
        l.quantized(),
        l.output(),
        error,
        channels,
        l.histogram(),
        l.codes());
  }
}
