package io.depthscope.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.diagnosis.ErrorShares;
import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;
import io.depthscope.stats.Prediction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/** The pages as a reader has them, in a real browser. */
class ReportPageTest {
  private static final List<String> FIGURES =
      List.of(
          "sources",
          "graph",
          "channels",
          "ranges",
          "ratio",
          "propagation",
          "histogram",
          "boxes",
          "images");

  @TempDir static Path folder;
  private static Browser browser;
  private static Run run;
  private static Path page;

  @BeforeAll
  static void start() throws IOException {
    browser = Browser.start();
    run = RunOfTests.make(folder.resolve("run"), "--error-sources", "--scheme", "w4a4");
    page =
        write(
            "page.html",
            HtmlReport.of(run, List.of(RunOfTests.finding(run.layers().get(3).name(), "So."))));
  }

  @AfterAll
  static void stop() {
    if (browser != null) {
      browser.close();
    }
  }

  /** Whatever a test did, the page made no request, and nothing went wrong in it. */
  @AfterEach
  void nothingWasLoadedAndNothingFailed() {
    browser.assertSelfContained("file://", "data:", "blob:");
  }

  private static Path write(String name, String html) throws IOException {
    return Files.writeString(folder.resolve(name), html);
  }

  @Test
  void everyFigureIsDrawn() {
    for (boolean dark : new boolean[] {false, true}) {
      for (int width : new int[] {1400, 390}) {
        browser.screen(width, dark);
        browser.open(page);
        for (String figure : FIGURES) {
          assertEquals(
              "chart", browser.find("#figure-" + figure).getDomAttribute("data-drawn"), figure);
          assertTrue(marks(figure) > 20, figure + " is all but empty: " + marks(figure));
          WebElement plot = browser.find("#figure-" + figure + " .plot");
          assertEquals("img", plot.getDomAttribute("role"));
          assertTrue(plot.getDomAttribute("aria-label").length() > 30, figure);
        }
        assertEquals(
            true,
            browser.run("return document.documentElement.scrollWidth <= innerWidth"),
            "the page is wider than the screen of " + width);
        browser.screenshot("run-" + width + (dark ? "-dark" : "-light"));
      }
    }
  }

  /**
   * A page of a run without labels, and one of a network without classes, lack what is about them.
   */
  @Test
  void aPageShowsWhatThereIsToShow() throws IOException {
    String[] shown = {"#figure-images", "#flipped-table", ".of-labels", "#worst-table"};
    Run unlabelled = RunOfTests.make(folder.resolve("unlabelled"), "--unlabelled");
    Run detector =
        RunOfTests.make(folder.resolve("detector"), "--model", "test-data/onnx/detector.onnx");
    boolean[][] expected = {{true, true, false, false}, {false, false, false, true}};
    Run[] runs = {unlabelled, detector};
    for (int r = 0; r < runs.length; r++) {
      Path file = write("page-" + r + ".html", HtmlReport.of(runs[r], List.of()));
      for (boolean dark : new boolean[] {false, true}) {
        browser.screen(dark ? 390 : 1400, dark);
        browser.open(file);
        for (int i = 0; i < shown.length; i++) {
          assertEquals(
              expected[r][i],
              browser.run("return document.querySelector(arguments[0]) !== null", shown[i]),
              shown[i] + " of run " + r);
        }
        String tiles = browser.find("#summary").getText();
        assertFalse(tiles.contains("Top-1") || tiles.contains("drop"), tiles);
        assertEquals(r == 0, tiles.contains("Agreement"), tiles);
        assertEquals(r == 1, tiles.contains(detector.outputs().get(1).layer()), tiles);
        browser.screenshot((r == 0 ? "unlabelled" : "detector") + (dark ? "-dark" : "-light"));
      }
      Path side =
          write(
              "side-" + r + ".html",
              HtmlReport.sideBySide("One", List.of(new LabelledRun("A", "A", runs[r])), List.of()));
      browser.open(side);
      assertEquals(
          false, browser.run("return document.querySelector('#accuracy') !== null"), "accuracy");
      String table = browser.find("#run-table").getText();
      assertEquals(r == 1, table.contains("Lowest SQNR"), table);
    }
  }

  /** Words of a drawing that cover each other; of slanted names those that stand too close. */
  private static List<?> overlaps(String figure) {
    return (List<?>)
        browser.run(
            """
            const texts = [...document.querySelectorAll("#figure-" + arguments[0] + " .plot svg text")]
              .filter((t) => t.textContent.trim() && t.getBoundingClientRect().width > 0);
            const slanted = (t) => /rotate|matrix/.test(t.getAttribute("transform") ?? "");
            const found = [];
            const level = texts.filter((t) => !slanted(t)).map((t) => [t.textContent, t.getBoundingClientRect()]);
            level.forEach(([a, p], i) => level.slice(i + 1).forEach(([b, q]) => {
              const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left);
              const tall = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
              if (wide > 1 && tall > 3) {
                found.push(a + " | " + b);
              }
            }));
            const ends = texts.filter(slanted).map((t) => t.getBoundingClientRect().right).sort((a, b) => a - b);
            ends.forEach((x, i) => i > 0 && x - ends[i - 1] < 9 && found.push("slanted names " + (x - ends[i - 1]) + " apart"));
            return found;
            """,
            figure);
  }

  @Test
  void noLabelCoversAnother() {
    for (int width : new int[] {1400, 420}) {
      browser.screen(width, false);
      browser.open(page);
      for (String figure : FIGURES) {
        assertEquals(List.of(), overlaps(figure), figure + " at " + width);
      }
    }
  }

  /** What leads stands above everything else, and the link for the keyboard leads to it. */
  @Test
  void theMainLineIsShort() {
    browser.screen(1400, false);
    browser.open(page);
    long findings =
        ((Number)
                browser.run(
                    "return Math.round(document.querySelector('#findings')"
                        + ".getBoundingClientRect().top + scrollY)"))
            .longValue();
    assertTrue(findings < 3000, "findings begin at " + findings);
    List<?> sections =
        (List<?>)
            browser.run("return [...document.querySelectorAll('main section')].map((s) => s.id)");
    assertEquals(
        List.of("summary", "sources", "graph", "channels", "findings"), sections.subList(0, 5));
    String verdict = browser.find("#verdict").getText();
    assertTrue(
        verdict.matches("(?s).*top-1 .* to .* quantized, .* to .* in float32, on 40 images.*"),
        verdict);
    browser.find("body").sendKeys(Keys.TAB);
    browser.focused().sendKeys(Keys.ENTER);
    assertEquals("sources", browser.focused().getDomAttribute("id"));
    browser.focused().sendKeys(Keys.TAB);
    assertEquals(
        "figure-sources", browser.run("return document.activeElement.closest('figure').id"));
  }

  @Test
  void theGraphSelectsFindsAndFolds() throws IOException {
    browser.screen(1400, false);
    browser.open(page);
    List<WebElement> nodes = browser.all("#figure-graph .graph-node");
    assertEquals(run.layers().size(), nodes.size());
    for (int i : new int[] {2, run.layers().size() - 1}) {
      browser.run(
          "document.querySelectorAll('.graph-node')[arguments[0]]"
              + ".dispatchEvent(new MouseEvent('click'))",
          i);
      assertEquals(run.layers().get(i).name(), browser.find("#selection .name").getText());
    }
    String last = run.layers().getLast().name();
    browser.find("#figure-graph input[type=search]").sendKeys(last.toUpperCase(Locale.ROOT));
    assertEquals(
        1L,
        browser.run(
            "return [...document.querySelectorAll('.graph-node')]"
                + ".filter((n) => n.getAttribute('opacity') === '1').length"));
    browser.run("document.querySelector('#figure-graph .plot').focus()");
    browser.focused().sendKeys(Keys.ARROW_LEFT);
    assertEquals(
        run.layers().get(run.layers().size() - 2).name(),
        browser.find("#selection .name").getText());
    // Blocks with two ways through them close to one node each.
    Run residual =
        RunOfTests.make(
            folder.resolve("residual"), "--model", "test-data/models/resnet-8-cifar10.safetensors");
    browser.open(write("residual.html", HtmlReport.of(residual, List.of())));
    int open = browser.all("#figure-graph .graph-node").size();
    assertEquals(residual.layers().size(), open);
    browser.run("document.querySelector('#figure-graph input[value=closed]').click()");
    int closed = browser.all("#figure-graph .graph-node").size();
    int signs = browser.all("#figure-graph .graph-sign").size();
    assertTrue(signs > 1 && closed < open - 2 * signs, open + " nodes, " + closed + " closed");
    browser.run("document.querySelector('.graph-sign').dispatchEvent(new MouseEvent('click'))");
    assertTrue(browser.all("#figure-graph .graph-node").size() > closed);
    browser.screenshot("graph-residual");
  }

  /** A class has the name of the folder that all its images lie in. */
  @Test
  void classesHaveTheNamesOfTheirFolders() throws IOException {
    browser.screen(1400, false);
    browser.open(write("folders.html", HtmlReport.of(RunOfTests.inFolders(run), List.of())));
    assertEquals("0 folder-0", browser.run("return DS.className(0)"));
    assertEquals("1", browser.run("return DS.className(1)"));
    assertEquals("4711", browser.run("return DS.className(4711)"));
    assertTrue(browser.find("#flipped-table").getText().matches("(?s).*\\d folder-\\d.*"));
    browser.open(page);
    assertEquals("0", browser.run("return DS.className(0)"));
  }

  @Test
  void theAddressNamesLayerAndChannel() throws IOException {
    browser.screen(1400, false);
    String layer = run.layers().get(4).name();
    browser.open(page);
    browser.run(
        "location.hash = '#layer=' + encodeURIComponent(arguments[0]) + '&channel=3'", layer);
    browser.until("return DS.selectedChannel() === 3");
    assertEquals(layer, browser.find("#selection .name").getText());
    WebElement row = browser.find("#channel-table tbody tr.selected");
    assertTrue(row.getText().startsWith("3"), row.getText());
    browser.run("DS.select(2, false, 1)");
    assertEquals(
        "#layer=" + run.layers().get(2).name() + "&channel=1", browser.run("return location.hash"));
    browser.clickAt(browser.find("#figure-channels .plot"), 0.5, 0.5);
    assertTrue(((Number) browser.run("return DS.selectedChannel()")).intValue() >= 0);
  }

  /** Shapes with a visible place in a drawing, or colours on a canvas. */
  private static long marks(String figure) {
    return ((Number)
            browser.run(
                """
                const plot = document.querySelector("#figure-" + arguments[0] + " .plot");
                const canvas = plot.querySelector("canvas");
                if (!canvas) {
                  return [...plot.querySelectorAll("svg path, svg text")]
                    .filter((e) => e.getBBox().width + e.getBBox().height > 0).length;
                }
                const copy = new OffscreenCanvas(canvas.width, canvas.height)
                    .getContext("2d", { willReadFrequently: true });
                copy.drawImage(canvas, 0, 0);
                const pixels = copy.getImageData(0, 0, canvas.width, canvas.height).data;
                const seen = new Set();
                for (let i = 0; i < pixels.length; i += 4) {
                  seen.add((pixels[i] << 16) | (pixels[i + 1] << 8) | pixels[i + 2]);
                }
                return seen.size;
                """,
                figure))
        .longValue();
  }

  /** Page, table and terminal mark the same layers, and a finding says what mends it. */
  @Test
  void findingsSayWhatTheyCostAndWhatMendsThem() {
    browser.screen(1400, false);
    browser.open(page);
    String finding = browser.find("#finding-list .finding").getText();
    for (String words :
        List.of("50.0 % of the error at the output", "A remedy.", "10.0 dB → 13.0 dB")) {
      assertTrue(finding.contains(words), finding);
    }
    String all = browser.find("#findings").getText();
    String images = "recorded on " + run.manifest().get("errorSourceImages") + " of ";
    assertTrue(all.contains(images), all);
    List<String> marked =
        browser.all("#layer-table tbody tr").stream()
            .filter(row -> row.getText().contains("* "))
            .map(row -> row.findElement(By.cssSelector("button")).getText())
            .sorted()
            .toList();
    assertEquals(
        ErrorShares.of(run).marked().stream().map(RunLayer::name).sorted().toList(), marked);
  }

  @Test
  void aClickInAFigureFillsTheInspector() {
    browser.screen(1400, false);
    browser.open(page);
    Set<String> inspected = new HashSet<>();
    for (String figure : List.of("ranges", "ratio", "propagation", "sources", "channels")) {
      for (double x : new double[] {0.3, 0.7}) {
        browser.clickAt(browser.find("#figure-" + figure + " .plot"), x, 0.3);
        String selected = browser.find("#selection .name").getText();
        int at = Integer.parseInt(browser.find("#layer-select").getDomProperty("value"));
        assertEquals(run.layers().get(at).name(), selected, figure);
        int channels = run.layers().get(at).channels().size();
        assertEquals(
            Math.min(50, channels), browser.all("#channel-table tbody tr").size(), selected);
        assertTrue(
            browser
                .find("#figure-histogram .plot")
                .getDomAttribute("aria-label")
                .contains(selected));
        inspected.add(selected);
      }
    }
    assertEquals(2, inspected.size(), inspected::toString);
    browser.find("#findings button[data-layer]").click();
    assertEquals(run.layers().get(3).name(), browser.find("#selection .name").getText());
  }

  @Test
  void tablesFilterAndSort() {
    browser.screen(1400, false);
    browser.open(page);
    String last = run.layers().getLast().name();
    browser.find("#layer-table input[type=search]").sendKeys(last);
    assertEquals(1, browser.all("#layer-table tbody tr").size());
    browser.find("#layer-table input[type=search]").clear();
    browser.run(
        "document.querySelector('#layer-table input[type=search]').dispatchEvent(new Event('input'))");
    assertEquals(run.layers().size(), browser.all("#layer-table tbody tr").size());
    browser.find("#layer-table th[data-column=sqnrDb] button").click();
    String highest = browser.find("#layer-table tbody tr:first-child td:nth-child(2)").getText();
    browser.find("#layer-table th[data-column=sqnrDb] button").click();
    String lowest = browser.find("#layer-table tbody tr:first-child td:nth-child(2)").getText();
    assertEquals(
        "ascending",
        browser.find("#layer-table th[data-column=sqnrDb]").getDomAttribute("aria-sort"));
    assertEquals(bySqnr(true), highest);
    assertEquals(bySqnr(false), lowest);
    long flipped = run.predictions().stream().filter(Prediction::flipped).count();
    assertTrue(flipped > 0, "w4a4 flips no image; the table below is not tested");
    assertEquals(flipped, browser.all("#flipped-table tbody tr").size());
    long broken =
        run.predictions().stream().filter(p -> p.flipped() && p.fp32() == p.label()).count();
    browser.run("document.querySelector('#flipped-table input[value=\"right to wrong\"]').click()");
    assertEquals(broken, browser.all("#flipped-table tbody tr").size());
  }

  private static String bySqnr(boolean highest) {
    return run.layers().stream()
        .sorted(
            (a, b) -> (highest ? -1 : 1) * Double.compare(a.error().sqnrDb(), b.error().sqnrDb()))
        .findFirst()
        .orElseThrow()
        .name();
  }

  @Test
  void switchesRedrawAndDataAreReachable() {
    browser.screen(1400, false);
    browser.open(page);
    for (String figure : List.of("ranges", "ratio", "propagation", "sources", "histogram")) {
      Object before = drawing(figure);
      browser.run(
          "document.querySelector('#figure-' + arguments[0] + ' .choice label:last-child"
              + " input').click()",
          figure);
      assertNotEquals(before, drawing(figure), figure);
    }
    for (String figure : FIGURES) {
      String text = (String) browser.run("return DS.figures[arguments[0]].svg()", figure);
      assertTrue(
          text.startsWith("<svg") && text.endsWith("</svg>") && text.length() > 2000, figure);
      WebElement table = browser.find("#figure-" + figure + " button[aria-expanded]");
      browser.run("arguments[0].click()", table);
      assertEquals("true", table.getDomAttribute("aria-expanded"));
      assertTrue(browser.all("#figure-" + figure + " .figure-data tbody tr").size() > 5, figure);
    }
    String csv =
        (String)
            browser.run(
                "return DS.csv({columns: ['a', 'b'], rows: [['x,\"y\"', 1], ['=1+1', NaN]]})");
    assertEquals("a,b\n\"x,\"\"y\"\"\",1\n'=1+1,NaN\n", csv);
  }

  private static Object drawing(String figure) {
    return browser.run(
        "return document.querySelector('#figure-' + arguments[0] + ' .plot').innerHTML", figure);
  }

  /** The codes' shares must sum to one, and fp32 values must be dealt out without loss. */
  @Test
  void histogramsLoseNothing() {
    browser.screen(1400, false);
    browser.open(page);
    List<?> sums =
        (List<?>)
            browser.run(
                """
                return DS.data.layers.map((l) => {
                  const points = DS.distribution(l);
                  return [1, 2].map((c) => points.reduce((sum, p) => sum + (p[c] ?? 0), 0));
                });
                """);
    assertEquals(run.layers().size(), sums.size());
    for (int i = 0; i < sums.size(); i++) {
      List<?> both = (List<?>) sums.get(i);
      String name = run.layers().get(i).name();
      assertEquals(1, ((Number) both.get(0)).doubleValue(), 1e-9, name);
      double quantized = run.layers().get(i).codes().isPresent() ? 1 : 0;
      assertEquals(quantized, ((Number) both.get(1)).doubleValue(), 1e-9, name);
    }
  }

  @Test
  void theThemeFollowsTheSystemUntilChosen() {
    browser.screen(1400, true);
    browser.open(page);
    assertEquals("dark", theme());
    Object dark = browser.run("return getComputedStyle(document.body).backgroundColor");
    browser.run("document.querySelector('#theme input[value=light]').click()");
    assertEquals("light", theme());
    assertNotEquals(dark, browser.run("return getComputedStyle(document.body).backgroundColor"));
    assertTrue(marks("ranges") > 20);
    browser.run("document.querySelector('#theme input[value=auto]').click()");
    assertEquals("dark", theme());
  }

  /** Paper is white and narrow, and a printer does not wait for the next frame. */
  @Test
  void paperHasEveryFigureInItsOwnWidth() {
    browser.screen(1400, true);
    browser.open(page);
    browser.run("dispatchEvent(new Event('beforeprint'))");
    assertEquals("light", theme());
    for (String figure : FIGURES) {
      assertTrue(marks(figure) > 20, figure);
      assertEquals(
          660L,
          browser.run(
              "return document.querySelector('#figure-' + arguments[0] + ' .plot').clientWidth",
              figure),
          figure);
    }
    browser.run("dispatchEvent(new Event('afterprint'))");
    assertEquals("dark", theme());
    assertNotEquals(660L, browser.run("return document.querySelector('.plot').clientWidth"));
  }

  private static Object theme() {
    return browser.run("return document.documentElement.dataset.theme");
  }

  /** Tab alone reaches every kind of control, in the order of the page. */
  @Test
  void theKeyboardReachesTheControls() {
    browser.screen(1400, false);
    browser.open(page);
    assertFalse(browser.all("nav[aria-label]").isEmpty());
    assertEquals(1, browser.all("main").size());
    assertEquals(1, browser.all("h1").size());
    Set<String> reached = new HashSet<>();
    browser.find("body").sendKeys(Keys.TAB);
    assertEquals("skip", browser.focused().getDomAttribute("class"));
    for (int i = 0; i < 400 && !reached.contains("#provenance"); i++) {
      browser.focused().sendKeys(Keys.TAB);
      reached.add(
          (String)
              browser.run(
                  """
                  const e = document.activeElement;
                  const figure = e.closest("figure, #theme, #inspector-bar, #provenance, .data-table, nav, .findings");
                  return figure ? (figure.id ? "#" + figure.id : "." + figure.className || figure.tagName) : "";
                  """));
    }
    for (String figure : FIGURES) {
      assertTrue(reached.contains("#figure-" + figure), figure + " of " + reached);
    }
    for (String place : List.of("#theme", "#inspector-bar", "#provenance", ".data-table")) {
      assertTrue(reached.contains(place), place + " of " + reached);
    }
  }

  @Test
  void hostileNamesRunNothing() throws IOException {
    browser.screen(1400, false);
    Run hostile = RunOfTests.hostile(run);
    String layer = hostile.layers().get(2).name();
    browser.open(
        write(
            "hostile.html",
            HtmlReport.of(hostile, List.of(RunOfTests.finding(layer, RunOfTests.HOSTILE)))));
    browser.run(
        "document.querySelectorAll('button[aria-expanded=false]').forEach((b) => b.click())");
    assertNotEquals("broken", browser.run("return document.title"));
    assertEquals(0, browser.all("img").size());
    String selected =
        (String)
            browser.run(
                "return document.querySelector('#layer-select').selectedOptions[0].textContent");
    assertTrue(selected.contains(layer), selected);
    browser.screenshot("hostile");
    browser.open(
        write(
            "hostile-side.html",
            HtmlReport.sideBySide(
                RunOfTests.HOSTILE,
                List.of(new LabelledRun(RunOfTests.HOSTILE, RunOfTests.HOSTILE, hostile)),
                List.of(TextSection.of(RunOfTests.HOSTILE, RunOfTests.HOSTILE)))));
    assertEquals(0, browser.all("img").size());
  }

  @Test
  void severalRunsAreChosenByNetworkAndScheme() throws IOException {
    Run eight = RunOfTests.make(folder.resolve("eight"));
    browser.screen(1400, false);
    browser.open(
        write(
            "side.html",
            HtmlReport.sideBySide(
                "Two schemes",
                List.of(
                    new LabelledRun("four bits", "small", run),
                    new LabelledRun("eight bits", "small", eight)),
                List.of(
                    new TextSection(
                        "What it says",
                        List.of("Eight is more than four."),
                        List.of("bits"),
                        List.of(List.of("4"), List.of("8")))))));
    for (String figure : List.of("accuracy", "propagation", "ranges", "ratio")) {
      assertTrue(marks(figure) > 8, figure + ": " + marks(figure));
    }
    long both = marks("propagation");
    browser.find("input[value='w4a4 per-tensor']").click();
    assertTrue(marks("propagation") < both, "both runs are still drawn");
    assertEquals("1 run shown", browser.find("#status").getDomProperty("textContent"));
    assertEquals(2, browser.all("#run-table tbody tr").size());
    assertEquals(2, browser.all("#text-0 tbody tr").size());
    browser.screenshot("side-by-side");
  }

  @Test
  void aRunWithoutSourcesOrQuantizationIsDrawn() throws IOException {
    Run plain = RunOfTests.withoutSources(RunOfTests.make(folder.resolve("w8"), "--scheme", "w8"));
    browser.screen(1400, false);
    browser.open(write("plain.html", HtmlReport.of(plain, List.of())));
    assertTrue(browser.find("#figure-sources").getText().contains("--error-sources"));
    for (String figure : FIGURES) {
      if (!figure.equals("sources")) {
        assertTrue(marks(figure) > 5, figure);
      }
    }
  }
}
