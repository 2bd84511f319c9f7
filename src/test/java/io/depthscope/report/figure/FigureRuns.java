package io.depthscope.report.figure;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.depthscope.cli.Main;
import io.depthscope.record.Judgement;
import io.depthscope.record.MendAccount;
import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;
import io.depthscope.record.RunReader;
import io.depthscope.stats.ErrorStatistics;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Runs to draw: a real one, and it changed into what a run seldom is. */
final class FigureRuns {

  private FigureRuns() {}

  /** Runs the embedded network on few images. */
  static Run real(Path folder) throws IOException {
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

  /** A mending of which one step was kept, one dropped and one made it worse. */
  static MendAccount mending() {
    double[] accuracies = {0.6, 0.5, 0.55};
    List<MendAccount.Step> steps = new ArrayList<>();
    for (int i = 0; i < accuracies.length; i++) {
      steps.add(
          new MendAccount.Step(
              List.of("dead-channels", "equalize", "bias-correction-analytic").get(i),
              7.25,
              8 + i,
              new Judgement(40, 9 - i, 0.01, 0.84, accuracies[i], 0.7),
              i != 1,
              1.5,
              List.of("3 channels")));
    }
    return new MendAccount(
        "small",
        "w8a8",
        "20 images",
        "the others",
        new Judgement(40, -3.5, 0, 0.84, 0.08, 0.1),
        steps,
        List.of(),
        steps.getLast().measured());
  }

  static FigureRequest request(FigureName figure, Run run) {
    return new FigureRequest(
        figure,
        List.of(new FigureRun(run.name(), run)),
        figure.isOfMending() ? Optional.of(mending()) : Optional.empty(),
        figure == FigureName.HISTOGRAM
            ? Optional.of(run.layers().getLast().name())
            : Optional.empty(),
        HeatMapMetric.SQNR,
        960,
        576,
        1,
        false);
  }

  static Run named(Run run, String model, UnaryOperator<String> names) {
    return new Run(
        run.name(),
        model,
        run.family(),
        run.scheme(),
        run.feed(),
        run.calibrationImages(),
        run.network(),
        run.outputs(),
        run.layers().stream().map(l -> l.named(names.apply(l.name()), l.inputs())).toList(),
        run.predictions(),
        run.manifest());
  }

  /** Every layer and channel with this SQNR, and this gain. */
  static RunLayer withError(RunLayer l, double sqnrDb, double gain) {
    return l.with(error(l.error(), sqnrDb), new RunLayer.Step(gain, l.step().rangeFluctuation()))
        .with(
            new RunLayer.Details(
                l.channels().stream().map(c -> c.with(error(c.error(), sqnrDb))).toList(),
                l.details().histogram(),
                l.codes()));
  }

  private static ErrorStatistics error(ErrorStatistics e, double sqnrDb) {
    return new ErrorStatistics(
        e.mse(),
        e.meanError(),
        e.maxAbs(),
        sqnrDb,
        e.nsr(),
        e.cosine(),
        e.saturation(),
        e.energies());
  }
}
