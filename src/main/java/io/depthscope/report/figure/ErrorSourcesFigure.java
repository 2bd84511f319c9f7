package io.depthscope.report.figure;

import io.depthscope.record.Run;
import io.depthscope.record.RunFigures;
import io.depthscope.record.RunLayer;
import io.depthscope.stats.ErrorTerm;
import io.depthscope.stats.SourceEnergies;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The energies of the four sources of each layer's error, over the energy of the whole error. Above
 * 1 the sources partly cancel, below it they reinforce each other: the rest is their cross term.
 */
final class ErrorSourcesFigure {
  private static final ErrorTerm[] SOURCES = ErrorTerm.values();
  private static final double WIDEST_BAR = 34;

  /** Taller bars are cut: beside sources that cancel to nothing the others would vanish. */
  private static final double TALLEST = 4;

  private ErrorSourcesFigure() {}

  static void draw(Page page, Captions captions, Run run) {
    if (run.layers().stream().allMatch(l -> l.error().energies().isEmpty())) {
      throw new IllegalArgumentException(
          "run "
              + run.name()
              + " did not record the sources of error; run analyze with --error-sources");
    }
    Theme theme = page.theme();
    List<LegendEntry> legend = new ArrayList<>();
    for (int s = 0; s < SOURCES.length; s++) {
      legend.add(LegendEntry.box(RunFigures.name(SOURCES[s]), theme.series(s)));
    }
    legend.add(LegendEntry.line("whole error", theme.text(), Dash.DASHED));
    double tallest = 1;
    List<String> without = new ArrayList<>();
    List<String> cut = new ArrayList<>();
    for (RunLayer l : run.layers()) {
      double sum = sum(shares(l));
      if (Double.isNaN(sum)) {
        without.add(l.name());
      } else if (sum > TALLEST) {
        cut.add(l.name());
      }
      tallest = Math.max(tallest, Double.isNaN(sum) ? 1 : Math.min(TALLEST, sum));
    }
    Frame frame =
        Frame.withNames(
            page,
            captions.heading(legend, note(without, cut)),
            "layer",
            SeriesByDepth.names(run),
            "energy / energy of the whole error",
            Scale.Linear.around(0, tallest));
    for (int i = 0; i < run.layers().size(); i++) {
      drawBar(frame, shares(run.layers().get(i)), frame.band(i));
    }
    page.line(frame.left(), frame.y(1), frame.right(), frame.y(1), theme.text(), 1.4, Dash.DASHED);
  }

  private static void drawBar(Frame frame, double[] shares, double x) {
    double half = Math.min(0.72 * frame.bandWidth(), WIDEST_BAR) / 2;
    double below = 0;
    for (int s = 0; s < shares.length && !Double.isNaN(sum(shares)); s++) {
      double above = Math.min(TALLEST, below + shares[s]);
      if (above > below) {
        frame
            .page()
            .box(
                x - half,
                frame.nearestY(above),
                x + half,
                frame.nearestY(below),
                frame.page().theme().series(s));
      }
      below = above;
    }
  }

  /** Of each source; NaN where the layer has no error. */
  private static double[] shares(RunLayer layer) {
    Optional<SourceEnergies> energies = layer.error().energies().filter(e -> e.total() > 0);
    return Arrays.stream(SOURCES)
        .mapToDouble(s -> energies.map(e -> e.of(s) / e.total()).orElse(Double.NaN))
        .toArray();
  }

  private static double sum(double... shares) {
    double sum = 0;
    for (double share : shares) {
      sum += share;
    }
    return sum;
  }

  private static String note(List<String> without, List<String> cut) {
    StringBuilder note =
        new StringBuilder("Above 1 the sources partly cancel; below 1 they reinforce each other.");
    if (!without.isEmpty()) {
      note.append(" No error: ").append(Captions.listed(without)).append('.');
    }
    if (!cut.isEmpty()) {
      note.append(" Cut at 4: ").append(Captions.listed(cut)).append('.');
    }
    return note.toString();
  }
}
