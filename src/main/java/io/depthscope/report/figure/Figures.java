package io.depthscope.report.figure;

import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;

/** Draws figures of recorded runs. */
public final class Figures {
  private static final double BASE_AREA = FigureFormat.SVG.width() * FigureFormat.SVG.height();

  private Figures() {}

  /**
   * The file of a figure; the same request gives the same bytes.
   *
   * @throws IllegalArgumentException if the run lacks what the figure shows, or the figure is too
   *     small for its labels
   */
  public static byte[] render(FigureRequest request, FigureFormat format) {
    Typeface typeface = Typeface.load();
    double width = request.width();
    double height = request.height();
    double unit = Math.sqrt(width * height / BASE_AREA) * request.textScale();
    String title = Captions.title(request);
    Canvas canvas =
        switch (format) {
          case SVG -> new SvgCanvas(typeface, width, height, unit, title);
          case PNG ->
              new PixelCanvas(typeface, (int) Math.round(width), (int) Math.round(height), unit);
          case PDF -> new PdfCanvas(typeface, width, height, unit, title);
        };
    Page page =
        new Page(
            canvas,
            typeface,
            request.dark() ? Theme.ON_BLACK : Theme.ON_WHITE,
            width / unit,
            height / unit);
    draw(page, request, new Captions(title, Captions.subtitle(request)));
    return canvas.finish();
  }

  private static void draw(Page page, FigureRequest request, Captions captions) {
    Run first = request.runs().getFirst().run();
    switch (request.figure()) {
      case ERROR_PROPAGATION -> SeriesByDepth.drawSqnr(page, captions, request.runs());
      case GAIN -> SeriesByDepth.drawGain(page, captions, request.runs());
      case CHANNEL_RANGE_RATIO -> SeriesByDepth.drawRatios(page, captions, request.runs());
      case WEIGHT_RANGES -> RangesFigure.drawWeights(page, captions, first);
      case ACTIVATION_RANGES -> RangesFigure.drawActivations(page, captions, first);
      case ERROR_SOURCES -> ErrorSourcesFigure.draw(page, captions, first);
      case HEAT_MAP -> HeatMapFigure.draw(page, captions, first, request.metric());
      case HISTOGRAM -> HistogramFigure.draw(page, captions, layer(request, first));
      case MARGINS -> MarginsFigure.draw(page, captions, first);
      case ACCURACY_BY_BITS -> AccuracyByBits.draw(page, captions, request.runs());
      case WATERFALL -> WaterfallFigure.draw(page, captions, request.mending().orElseThrow());
    }
  }

  private static RunLayer layer(FigureRequest request, Run run) {
    String name =
        request
            .layer()
            .orElseThrow(() -> new IllegalArgumentException("a histogram needs a layer"));
    return run.find(name)
        .orElseThrow(() -> new IllegalArgumentException("the run has no layer " + name));
  }
}
