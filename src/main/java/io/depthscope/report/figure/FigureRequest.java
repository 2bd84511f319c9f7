package io.depthscope.report.figure;

import io.depthscope.record.MendAccount;
import java.util.List;
import java.util.Optional;

/**
 * One figure to draw.
 *
 * @param runs at least one; several only where the figure can show them; of a mended network the
 *     run of the network as it was
 * @param mending what was tried on a network; for its figure alone
 * @param layer whose histogram is drawn; for no other figure
 * @param metric of the heat map
 * @param width in pixels (PNG), CSS pixels (SVG) or points (PDF)
 * @param height likewise
 * @param textScale size of text, lines and points; 1 is 12 units in a figure of 960 by 576. They
 *     grow with the figure, so that a larger one is the same picture with more pixels
 * @param dark light lines on dark ground
 */
public record FigureRequest(
    FigureName figure,
    List<FigureRun> runs,
    Optional<MendAccount> mending,
    Optional<String> layer,
    HeatMapMetric metric,
    double width,
    double height,
    double textScale,
    boolean dark) {

  /**
   * @throws IllegalArgumentException if there is no run, or more than the figure can show
   */
  public FigureRequest {
    runs = List.copyOf(runs);
    if (runs.isEmpty()) {
      throw new IllegalArgumentException("a figure needs a run");
    }
    if (runs.size() > 1 && !figure.isOfSeveralRuns()) {
      throw new IllegalArgumentException("figure " + figure + " shows one run, not several");
    }
    if (figure.isOfMending() != mending.isPresent()) {
      throw new IllegalArgumentException("figure " + figure + " shows no such record");
    }
  }
}
