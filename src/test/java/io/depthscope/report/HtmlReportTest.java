package io.depthscope.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.depthscope.record.Figure;
import io.depthscope.record.Run;
import io.depthscope.record.RunFigures;
import io.depthscope.record.RunLayer;
import io.depthscope.stats.Prediction;
import io.depthscope.stats.Quantiles;
import io.depthscope.stats.SourceEnergies;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What stands in a page, without a browser. */
class HtmlReportTest {
  private static final Pattern SCRIPT = Pattern.compile("(?s)<script>(.*?)</script>");
  private static final Pattern DATA =
      Pattern.compile("(?s)<script type=\"application/json\" id=\"data\">(.*?)</script>");
  private static final Set<String> VOID = Set.of("meta", "link", "br", "img", "input", "!doctype");

  @TempDir static Path folder;
  private static Run run;

  @BeforeAll
  static void make() {
    run = RunOfTests.make(folder.resolve("run"), "--error-sources");
  }

  /** A renamed figure would have no word, and one with a unit that is misspelt here none either. */
  @Test
  void theScriptsCallFiguresByTheirNames() {
    String page = HtmlReport.of(run, List.of());
    Matcher list = Pattern.compile("(?s)const WORDS = \\{(.*?)\\};").matcher(page);
    assertTrue(list.find(), "the words of the figures are gone");
    Set<String> known = new TreeSet<>();
    RunFigures.byPlace(run).keySet().forEach(k -> known.add(k.substring(k.lastIndexOf('.') + 1)));
    data(page).path("layers").path(1).path("channels").fieldNames().forEachRemaining(known::add);
    known.addAll(List.of(RunFigures.BATCH_NORM_VARIANCE.name(), RunFigures.FOLDING_FACTOR.name()));
    Set<String> named = new TreeSet<>();
    Pattern.compile("(?m)^ +(\\w+): \"")
        .matcher(list.group(1))
        .results()
        .forEach(m -> named.add(m.group(1)));
    assertTrue(named.size() > 10 && known.containsAll(named), () -> named + " of " + known);
    Matcher asked = Pattern.compile("DS\\.(word|heading)\\(\"(\\w+)\"\\)").matcher(page);
    while (asked.find()) {
      assertTrue(named.contains(asked.group(2)), asked::group);
    }
  }

  @Test
  void theDataAreTheRunsFigures() {
    JsonNode data = data(HtmlReport.of(run, List.of(RunOfTests.finding("stem", "It says so."))));
    assertEquals(run.model(), data.path("model").asText());
    assertClose(
        run.network().accuracy().orElseThrow().top1Quantized(),
        data.path("network").path("top1Quantized"),
        "top1");
    assertEquals(run.layers().size(), data.path("layers").size());
    for (RunLayer l : run.layers()) {
      JsonNode same = data.path("layers").path(l.identity().index());
      assertEquals(l.name(), same.path("name").asText());
      assertClose(l.error().sqnrDb(), same.path("error").path("sqnrDb"), l.name());
      assertClose(l.step().gain(), same.path("error").path("gain"), l.name());
      assertClose(l.fp32().statistics().max(), same.path("fp32").path("max"), l.name());
      for (Figure<SourceEnergies> f : RunFigures.ENERGIES.figures()) {
        assertClose(
            f.of(l.error().energies().orElseThrow()),
            same.path("error").path("energies").path(f.name()),
            l.name() + " " + f.name());
      }
      JsonNode columns = same.path("channels");
      for (RunLayer.Channel c : l.channels()) {
        String where = l.name() + " channel " + c.channel();
        assertClose(c.error().sqnrDb(), columns.path("sqnrDb").path(c.channel()), where);
        assertClose(c.fp32().variance(), columns.path("variance").path(c.channel()), where);
        if (l.weights().isPresent()) {
          assertClose(c.weightMin(), columns.path("weightMin").path(c.channel()), where);
        }
      }
      assertEquals(l.weights().isPresent(), columns.has("weightMin"), l.name());
      int bin = 0;
      int[] bins = l.histogram().occupied();
      for (int i = 0; i < bins.length; i++) {
        bin += same.path("histogram").path("steps").path(i).asInt();
        assertEquals(bins[i], bin);
        assertEquals(
            l.histogram().counts()[bin], same.path("histogram").path("counts").path(i).asLong());
      }
      if (l.codes().isPresent()) {
        long sum = 0;
        for (JsonNode count : same.path("codes").path("counts")) {
          sum += count.asLong();
        }
        assertEquals(Arrays.stream(l.codes().get().counts()).sum(), sum, l.name());
        assertEquals(
            l.params().orElseThrow().scale(), (float) same.path("output").path("scale").asDouble());
      }
    }
    JsonNode predictions = data.path("predictions");
    for (int i = 0; i < run.predictions().size(); i++) {
      assertEquals(run.predictions().get(i).image(), predictions.path("image").path(i).asText());
      assertEquals(
          run.predictions().get(i).quantized(), predictions.path("quantized").path(i).asInt());
      assertClose(run.predictions().get(i).margin(), predictions.path("margin").path(i), "margin");
    }
    JsonNode finding = data.path("findings").path(0);
    assertEquals("dominant_channels", finding.path("kind").asText());
    assertEquals("It says so.", finding.path("statement").asText());
    assertEquals("A remedy.", finding.path("remedy").asText());
    assertTrue(finding.path("mends").booleanValue());
    assertEquals(0.5, finding.path("evidence").path("errorShare").asDouble());
    assertEquals(
        10 + 10 * Math.log10(2), finding.path("evidence").path("predictedSqnrDb").asDouble(), 0.01);
    assertEquals(0.125, finding.path("evidence").path("ratio").asDouble());
    assertEquals(
        run.manifest().get("dataFingerprint"),
        data.path("manifest").path("dataFingerprint").asText());
  }

  @Test
  void hostileNamesStayText() {
    Run hostile = RunOfTests.hostile(run);
    String plain = HtmlReport.of(run, List.of());
    String page =
        HtmlReport.of(
            hostile,
            List.of(RunOfTests.finding(hostile.layers().get(2).name(), RunOfTests.HOSTILE)));
    assertFalse(page.contains("<img src=x"), "a name became an element");
    assertFalse(page.contains("'broken'>\"'&<"), "a name stands unescaped");
    assertEquals(count(plain, "<script"), count(page, "<script"));
    assertEquals(count(plain, "</script"), count(page, "</script"));
    JsonNode data = data(page);
    assertEquals(hostile.model(), data.path("model").asText());
    assertEquals(hostile.layers().get(1).name(), data.path("layers").path(1).path("name").asText());
    assertEquals(
        hostile.predictions().get(5).image(),
        data.path("predictions").path("image").path(5).asText());
    assertEquals(
        RunOfTests.HOSTILE, data.path("manifest").path(RunOfTests.HOSTILE).path(0).asText());
    String side =
        HtmlReport.sideBySide(
            RunOfTests.HOSTILE,
            List.of(new LabelledRun(RunOfTests.HOSTILE, RunOfTests.HOSTILE, hostile)),
            List.of(TextSection.of(RunOfTests.HOSTILE, RunOfTests.HOSTILE)));
    assertFalse(side.contains("<img src=x"), "a name became an element");
    assertEquals(RunOfTests.HOSTILE, data(side).path("runs").path(0).path("group").asText());
  }

  @Test
  void whatIsNotFiniteIsSaid() {
    JsonNode error =
        data(HtmlReport.of(RunOfTests.hostile(run), List.of()))
            .path("layers")
            .path(1)
            .path("error");
    assertEquals("Infinity", error.path("sqnrDb").asText());
    assertEquals("-Infinity", error.path("maxAbs").asText());
    assertTrue(error.path("meanError").isNull() && error.path("gain").isNull(), error::toString);
  }

  @Test
  void figuresHaveFiveDigits() throws JsonProcessingException {
    String json =
        CompactJson.object(
            o ->
                o.number("pi", Math.PI)
                    .number("large", -123_456_789)
                    .number("small", 1.234567e-7)
                    .number("tiny", 4.9e-324)
                    .number("huge", 1.7976931348623157e308)
                    .number("whole", 3));
    assertTrue(json.contains("\"pi\":3.1416") && json.contains("\"whole\":3}"), json);
    JsonNode read = new ObjectMapper().readTree(json);
    assertEquals(-123_460_000, read.path("large").asLong());
    assertEquals(1.2346e-7, read.path("small").asDouble());
    assertEquals(4.9e-324, read.path("tiny").asDouble());
    // Rounded up it would overflow: the word for that is as true as five digits can be.
    assertTrue(
        read.path("huge").asText().equals("Infinity") || read.path("huge").asDouble() > 1.79e308,
        json);
  }

  @Test
  void onlyItsOwnScriptsMayRunAndNothingIsLoaded() throws NoSuchAlgorithmException {
    String page = HtmlReport.of(run, List.of());
    assertTrue(page.contains("content=\"default-src 'none';"), "no policy");
    assertFalse(page.contains("script-src 'unsafe-inline'"), "any script may run");
    String policy =
        page.substring(page.indexOf("script-src"), page.indexOf("\">", page.indexOf("script-src")));
    Matcher script = SCRIPT.matcher(page);
    int scripts = 0;
    while (script.find()) {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(script.group(1).getBytes(StandardCharsets.UTF_8));
      String hash = "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
      assertTrue(policy.contains(hash), "a script has no hash");
      scripts++;
    }
    assertEquals(scripts, count(policy, "'sha256-"));
    String markup = SCRIPT.matcher(page).replaceAll("");
    assertFalse(Pattern.compile("(src|href)=\"(https?:|//)").matcher(markup).find(), "loads");
    assertFalse(markup.contains("@import") || markup.contains("url("), "a style loads");
  }

  @Test
  void everyElementIsClosedAndEveryIdIsUnique() {
    for (String page :
        List.of(
            HtmlReport.of(run, List.of()),
            HtmlReport.sideBySide("t", List.of(new LabelledRun("a", "g", run)), List.of()))) {
      String markup = DATA.matcher(SCRIPT.matcher(page).replaceAll("")).replaceAll("");
      markup = markup.replaceAll("(?s)<style>.*?</style>", "");
      Deque<String> open = new ArrayDeque<>();
      Matcher tag = Pattern.compile("<(/?)([a-z0-9!]+)\\b[^>]*>").matcher(markup);
      while (tag.find()) {
        if (tag.group(1).isEmpty()) {
          if (!VOID.contains(tag.group(2))) {
            open.push(tag.group(2));
          }
        } else {
          assertEquals(
              open.pop(), tag.group(2), markup.substring(Math.max(0, tag.start() - 80), tag.end()));
        }
      }
      assertTrue(open.isEmpty(), open::toString);
      List<String> ids = new ArrayList<>();
      Matcher id = Pattern.compile(" id=\"([^\"]*)\"").matcher(markup);
      while (id.find()) {
        ids.add(id.group(1));
      }
      assertEquals(Set.copyOf(ids).size(), ids.size(), ids::toString);
      Matcher link = Pattern.compile("href=\"#([^\"]+)\"").matcher(markup);
      while (link.find()) {
        assertTrue(ids.contains(link.group(1)), link.group());
      }
    }
  }

  @Test
  void theSameRunGivesTheSamePage() {
    assertEquals(HtmlReport.of(run, List.of()), HtmlReport.of(run, List.of()));
  }

  @Test
  void severalRunsHoldLayersAndNoChannels() {
    JsonNode data =
        data(
            HtmlReport.sideBySide(
                "Study",
                List.of(new LabelledRun("a", "g", run), new LabelledRun("b", "g", run)),
                List.of(
                    new TextSection(
                        "Table", List.of("Text."), List.of("x"), List.of(List.of("1"))))));
    assertEquals(2, data.path("runs").size());
    JsonNode layers = data.path("runs").path(1).path("layers");
    for (RunLayer l : run.layers()) {
      assertEquals(l.name(), layers.path("name").path(l.identity().index()).asText());
      assertClose(l.error().sqnrDb(), layers.path("sqnrDb").path(l.identity().index()), l.name());
    }
    assertTrue(data.findValue("channels") == null && data.findValue("predictions") == null);
    assertEquals("1", data.path("sections").path(0).path("rows").path(0).path(0).asText());
    assertThrows(
        IllegalArgumentException.class,
        () -> new TextSection("t", List.of(), List.of("x", "y"), List.of(List.of("1"))));
  }

  @Test
  void ofManyImagesThoseThatMatterAreShown() {
    List<Prediction> many = new ArrayList<>();
    for (int i = 0; i < 50_000; i++) {
      many.add(new Prediction(i, "image " + i, 0, 0, i % 100 == 7 ? 1 : 0, 1, 1, 20));
    }
    Run large = run.withPredictions(many);
    JsonNode p = data(HtmlReport.of(large, List.of())).path("predictions");
    assertEquals(50_000, p.path("all").asInt());
    assertEquals(500, p.path("flipped").asInt());
    Set<Integer> shown = new TreeSet<>();
    p.path("index").forEach(i -> shown.add(i.asInt()));
    assertEquals(shown.size(), p.path("image").size());
    assertTrue(shown.size() >= 10_500 && shown.size() <= 20_000, shown.size() + " images");
    for (int i = 7; i < 50_000; i += 100) {
      assertTrue(shown.contains(i), "flipped image " + i + " is missing");
    }
    for (RunLayer l : run.layers()) {
      l.reach().highest().forEach(e -> assertTrue(shown.contains(e.image()), l.name()));
    }
  }

  @Test
  void quantilesAreThoseOfNumPy() {
    double[] values = {1, 2, 4, 8};
    assertEquals(1.75, Quantiles.of(values, 0.25));
    assertEquals(3, Quantiles.of(values, 0.5));
    assertEquals(5, Quantiles.of(values, 0.75));
    assertEquals(7, Quantiles.of(new double[] {7}, 0.75));
  }

  private static int count(String text, String part) {
    return text.split(Pattern.quote(part), -1).length - 1;
  }

  private static JsonNode data(String page) {
    Matcher m = DATA.matcher(page);
    assertTrue(m.find(), "no data");
    try {
      return new ObjectMapper().readTree(m.group(1));
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  /** Five digits of it, or what stands for a number that is none. */
  private static void assertClose(double expected, JsonNode actual, String what) {
    if (Double.isNaN(expected)) {
      assertTrue(actual.isNull(), what + ": " + actual);
    } else if (Double.isInfinite(expected)) {
      assertEquals(Double.toString(expected), actual.asText(), what);
    } else {
      assertTrue(actual.isNumber(), what + ": " + actual);
      double error = Math.abs(expected - actual.asDouble());
      assertTrue(error <= 5e-5 * Math.abs(expected), what + ": " + expected + ", got " + actual);
    }
  }
}
