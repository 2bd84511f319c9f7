package io.depthscope.report.figure;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** Figures of a real run, and of runs with names and values that are hard to draw. */
class FiguresTest {
  private static final Set<FigureName> WITHOUT_LAYERS =
      Set.of(
          FigureName.HISTOGRAM,
          FigureName.MARGINS,
          FigureName.ACCURACY_BY_BITS,
          FigureName.WATERFALL);

  @TempDir static Path folder;
  private static Run run;

  @BeforeAll
  static void prepare() throws IOException {
    run = FigureRuns.real(folder.resolve("run"));
  }

  /** Names that stand in the figure. */
  private static List<String> shown(FigureName figure) {
    if (WITHOUT_LAYERS.contains(figure)) {
      return List.of();
    }
    return run.layers().stream()
        .filter(l -> figure != FigureName.WEIGHT_RANGES || l.weights().isPresent())
        .map(RunLayer::name)
        .toList();
  }

  @ParameterizedTest
  @EnumSource
  void everyFigureHoldsItsTextInSvgAndPdf(FigureName figure) throws IOException {
    FigureRequest request = FigureRuns.request(figure, run);
    List<String> texts = DrawnFigure.texts(DrawnFigure.svg(request));
    String pdf = DrawnFigure.pdfText(request);
    for (String name : shown(figure)) {
      assertTrue(texts.contains(name), () -> name + " is not in " + texts);
      assertTrue(pdf.contains(name), () -> name + " is not in " + pdf);
    }
    assertTrue(texts.getFirst().contains(run.model()), texts::toString);
    assertTrue(pdf.contains(run.model()), pdf);
    String how = figure.isOfMending() ? "84.0 % in float32" : "accumulated feed";
    assertTrue(texts.stream().anyMatch(t -> t.contains(how)), texts::toString);
    assertTrue(pdf.contains(how), pdf);
  }

  @ParameterizedTest
  @EnumSource
  void everyFigureIsDrawnInBothThemes(FigureName figure) throws IOException {
    FigureRequest r = FigureRuns.request(figure, run);
    BufferedImage light = DrawnFigure.png(r);
    BufferedImage dark =
        DrawnFigure.png(
            new FigureRequest(
                r.figure(),
                r.runs(),
                r.mending(),
                r.layer(),
                HeatMapMetric.LEVELS,
                700,
                500,
                1.3,
                true));
    assertEquals(0xffffffff, light.getRGB(0, 0));
    assertEquals(Theme.ON_BLACK.background().getRGB(), dark.getRGB(0, 0));
  }

  @ParameterizedTest
  @EnumSource
  void theSameRunGivesTheSameBytes(FigureName figure) {
    FigureRequest request = FigureRuns.request(figure, run);
    for (FigureFormat format : FigureFormat.values()) {
      byte[] bytes = Figures.render(request, format);
      assertArrayEquals(bytes, Figures.render(request, format), figure + " as " + format);
      String text = new String(bytes, StandardCharsets.ISO_8859_1);
      assertFalse(text.contains("CreationDate") || text.contains("ModDate"), text);
    }
  }

  /** Nothing of the text may leave the page. */
  @ParameterizedTest
  @EnumSource
  void noTextIsCutOff(FigureName figure) throws IOException {
    Run wordy = FigureRuns.named(run, "a network of a long name ".repeat(9), n -> n + n + n);
    for (double[] size : new double[][] {{960, 576}, {400, 400}, {1600, 400}}) {
      FigureRequest r = FigureRuns.request(figure, wordy);
      Document svg =
          DrawnFigure.svg(
              new FigureRequest(
                  r.figure(),
                  r.runs(),
                  r.mending(),
                  r.layer(),
                  r.metric(),
                  size[0],
                  size[1],
                  1.2,
                  false));
      String[] box = svg.getDocumentElement().getAttribute("viewBox").split(" ", -1);
      double width = Double.parseDouble(box[2]);
      double height = Double.parseDouble(box[3]);
      for (Element t : DrawnFigure.elements(svg, "text")) {
        double x = Double.parseDouble(t.getAttribute("x"));
        double y = Double.parseDouble(t.getAttribute("y"));
        double length = Double.parseDouble(t.getAttribute("textLength"));
        String rotation = t.getAttribute("transform");
        double angle =
            rotation.isEmpty()
                ? 0
                : Math.toRadians(
                    Double.parseDouble(rotation.replaceAll("rotate\\(([^ ]*).*", "$1")));
        double endX = x + length * Math.cos(angle);
        double endY = y + length * Math.sin(angle);
        String what = figure + ", " + width + " x " + height + ": " + t.getTextContent();
        assertTrue(Math.min(x, endX) >= -0.5 && Math.max(x, endX) <= width + 0.5, what);
        assertTrue(Math.min(y, endY) >= -0.5 && Math.max(y, endY) <= height + 0.5, what);
      }
    }
  }

  /** The longest line of a figure, as the y of its points. */
  private static double[] line(FigureName figure) throws IOException {
    String longest = "";
    Document svg = DrawnFigure.svg(FigureRuns.request(figure, run));
    for (Element e : DrawnFigure.elements(svg, "path")) {
      if (e.getAttribute("fill").equals("none")) {
        String data = e.getAttribute("d");
        longest = data.length() > longest.length() ? data : longest;
      }
    }
    String[] steps = longest.substring(1).split("l", -1);
    double[] ys = new double[steps.length];
    double y = 0;
    for (int i = 0; i < steps.length; i++) {
      String[] numbers = steps[i].replaceAll("(?<=\\d)-", " -").split(" ", -1);
      y += Double.parseDouble(numbers[1]);
      ys[i] = y;
    }
    return ys;
  }

  /** Points lie where an axis with equal steps puts their values. */
  private static void assertProportional(double[] ys, double[] values) {
    assertEquals(values.length, ys.length);
    int low = 0;
    int high = 0;
    for (int i = 0; i < values.length; i++) {
      low = values[i] < values[low] ? i : low;
      high = values[i] > values[high] ? i : high;
    }
    assertTrue(values[high] > values[low]);
    assertTrue(ys[high] < ys[low], "larger values stand higher");
    for (int i = 0; i < values.length; i++) {
      double share = (values[i] - values[low]) / (values[high] - values[low]);
      assertEquals(ys[low] + share * (ys[high] - ys[low]), ys[i], 0.05, "point " + i);
    }
  }

  private static double[] values(ToDoubleFunction<RunLayer> of) {
    return run.layers().stream().mapToDouble(of).filter(Double::isFinite).toArray();
  }

  @Test
  void linesShowTheNumbersOfTheRun() throws IOException {
    assertProportional(line(FigureName.ERROR_PROPAGATION), values(l -> l.error().sqnrDb()));
    assertProportional(line(FigureName.GAIN), values(l -> Math.log(l.step().gain())));
    assertProportional(
        line(FigureName.CHANNEL_RANGE_RATIO), values(l -> Math.log(l.fp32().channelRangeRatio())));
  }

  /** A bar begins where the last one that was kept ends. */
  @Test
  void theWaterfallShowsWhatEachRemedyAdds() throws IOException {
    List<String> texts =
        DrawnFigure.texts(DrawnFigure.svg(FigureRuns.request(FigureName.WATERFALL, run)));
    assertTrue(
        texts.containsAll(
            List.of("as it was", "dead-channels", "equalize", "bias-correction-analytic")),
        texts::toString);
    assertTrue(texts.containsAll(List.of("8.0", "60.0", "50.0", "55.0")), texts::toString);
    assertTrue(texts.contains("tried and dropped"), texts::toString);
  }

  @Test
  void kindsOfLayersDifferInShape() throws IOException {
    Document svg = DrawnFigure.svg(FigureRuns.request(FigureName.ERROR_PROPAGATION, run));
    long depthwise = run.layers().stream().filter(l -> l.kind().equals("depthwise")).count();
    assertTrue(depthwise > 2);
    String colour =
        "#%06x".formatted(LayerKind.DEPTHWISE.colour(Theme.ON_WHITE).getRGB() & 0xffffff);
    long triangles =
        DrawnFigure.elements(svg, "path").stream()
            .filter(e -> e.getAttribute("fill").equals(colour))
            .filter(e -> e.getAttribute("d").matches("m[^lz]*l[^lz]*l[^lz]*z"))
            .count();
    assertEquals(depthwise + 1, triangles, "one a layer and one in the legend");
  }

  @ParameterizedTest
  @EnumSource
  void hostileNamesStayText(FigureName figure) throws IOException {
    List<String> endings =
        List.of("<&\">", "]]>", "\u0000\u001b[31m", "\ud800", "\u6df1\u5ea6", "\uffff");
    Run hostile =
        FigureRuns.named(
            run,
            "<script>&amp;\"\n\u0007",
            n -> "l" + n.length() + endings.get(Math.floorMod(n.hashCode(), endings.size())));
    FigureRequest request = FigureRuns.request(figure, hostile);
    Document svg = DrawnFigure.svg(request);
    assertTrue(DrawnFigure.texts(svg).getFirst().contains("<script>&amp;\""));
    assertTrue(DrawnFigure.elements(svg, "script").isEmpty());
    assertTrue(DrawnFigure.pdfText(request).contains("<script>&amp;\""));
    DrawnFigure.png(request);
  }

  @ParameterizedTest
  @EnumSource
  void valuesWithoutAPlaceOnTheAxisAreDrawnOrLeftOut(FigureName figure) throws IOException {
    double[] odd = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 1e308, 0, -3};
    List<RunLayer> layers = new ArrayList<>();
    for (RunLayer l : run.layers()) {
      double value = odd[l.identity().index() % odd.length];
      layers.add(FigureRuns.withError(l, value, Math.abs(value)));
    }
    FigureRequest request = FigureRuns.request(figure, run.withLayers(layers));
    Document svg = DrawnFigure.svg(request);
    for (Element e : DrawnFigure.elements(svg, "path")) {
      assertFalse(e.getAttribute("d").matches(".*(NaN|Infinity).*"), e.getAttribute("d"));
    }
    if (figure == FigureName.ERROR_PROPAGATION || figure == FigureName.GAIN) {
      List<String> texts = DrawnFigure.texts(svg);
      assertTrue(texts.contains("\u221e"), texts::toString);
      assertTrue(texts.stream().anyMatch(t -> t.startsWith("No value: input")), texts::toString);
    }
    DrawnFigure.pdfText(request);
    DrawnFigure.png(request);
  }

  @ParameterizedTest
  @EnumSource
  void nothingButNanIsNoFailure(FigureName figure) throws IOException {
    List<RunLayer> layers =
        run.layers().stream().map(l -> FigureRuns.withError(l, Double.NaN, Double.NaN)).toList();
    DrawnFigure.svg(FigureRuns.request(figure, run.withLayers(layers)));
  }

  @ParameterizedTest
  @EnumSource
  void aNetworkMayHaveOneLayer(FigureName figure) throws IOException {
    Run single = run.withLayers(List.of(run.layers().get(1)));
    FigureRequest request = FigureRuns.request(figure, single);
    List<String> texts = DrawnFigure.texts(DrawnFigure.svg(request));
    String name = run.layers().get(1).name();
    assertTrue(WITHOUT_LAYERS.contains(figure) || texts.contains(name), texts::toString);
    DrawnFigure.png(request);
  }

  @Test
  void severalRunsShareAxes() throws IOException {
    Run worse =
        run.withLayers(
            run.layers().stream()
                .map(l -> FigureRuns.withError(l, l.error().sqnrDb() - 9, l.step().gain()))
                .toList());
    Run shorter = run.withLayers(run.layers().subList(0, 5));
    for (FigureName figure : FigureName.values()) {
      List<FigureRun> runs =
          List.of(
              new FigureRun("one", run),
              new FigureRun("two", worse),
              new FigureRun("three", shorter));
      if (!figure.isOfSeveralRuns()) {
        assertThrows(IllegalArgumentException.class, () -> several(figure, runs));
        continue;
      }
      List<String> texts = DrawnFigure.texts(DrawnFigure.svg(several(figure, runs)));
      if (figure != FigureName.ACCURACY_BY_BITS) {
        assertTrue(texts.stream().anyMatch(t -> t.startsWith("two")), texts::toString);
        assertTrue(texts.contains("position of the layer; the networks differ"), texts::toString);
      }
      if (figure != FigureName.ACCURACY_BY_BITS) {
        texts = DrawnFigure.texts(DrawnFigure.svg(several(figure, runs.subList(0, 2))));
        assertTrue(texts.containsAll(shown(figure)), texts::toString);
      }
    }
  }

  private static FigureRequest several(FigureName figure, List<FigureRun> runs) {
    return new FigureRequest(
        figure, runs, Optional.empty(), Optional.empty(), HeatMapMetric.SQNR, 960, 576, 1, false);
  }

  @Test
  void whatHasNoPlaceIsRefused() {
    FigureRequest r = FigureRuns.request(FigureName.ERROR_PROPAGATION, run);
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                Figures.render(
                    new FigureRequest(
                        r.figure(),
                        r.runs(),
                        r.mending(),
                        r.layer(),
                        r.metric(),
                        5000,
                        100,
                        3,
                        false),
                    FigureFormat.SVG));
    assertTrue(e.getMessage().contains("--text-scale"), e::getMessage);
  }

  @Test
  void everyNameIsOfOneFigure() {
    assertEquals(FigureName.values().length, new TreeSet<>(FigureName.names()).size());
    for (String name : FigureName.names()) {
      assertEquals(name, FigureName.of(name).orElseThrow().toString());
    }
    assertTrue(FigureName.of("histograms").isEmpty());
  }
}
