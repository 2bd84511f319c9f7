package io.depthscope.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.cli.Main;
import io.depthscope.record.MendAccount;
import io.depthscope.record.MendDirectory;
import io.depthscope.record.Run;
import io.depthscope.record.RunReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.WebElement;

/** The page of a mended network as a reader has it, in a real browser. */
class MendPageTest {
  @TempDir static Path folder;
  private static Browser browser;
  private static Path mended;
  private static MendAccount account;

  @BeforeAll
  static void start() throws IOException {
    browser = Browser.start();
    // Splitting gives the mended network other numbers of channels.
    mended = mend("mended", "--steps", "dead-channels,equalize,split,ranges,bias-correction");
    account = MendAccount.read(mended.resolve(MendDirectory.ACCOUNT));
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
    browser.assertSelfContained("file://", "data:");
  }

  private static Path mend(String name, String... more) {
    Path out = folder.resolve(name);
    List<String> args =
        new ArrayList<>(List.of("mend", "--data", "synthetic:120", "--calibrate", "40"));
    args.addAll(
        List.of("--scheme", "w4a8", "--backend", "cpu", "--quiet", "--out", out.toString()));
    args.addAll(List.of(more));
    StringWriter text = new StringWriter();
    int code = Main.run(args.toArray(String[]::new), new PrintWriter(text), new PrintWriter(text));
    assertEquals(0, code, text::toString);
    return out;
  }

  private static Path page(MendAccount of, String file) throws IOException {
    Run before = RunReader.read(mended.resolve(MendDirectory.BEFORE));
    Run after = RunReader.read(mended.resolve(MendDirectory.AFTER));
    return Files.writeString(
        folder.resolve(file), MendPage.of(of, before, after, List.of(), "a folder"));
  }

  /** The steps of the account with others of them dropped. */
  private static MendAccount dropping(int every, String remedy) {
    List<MendAccount.Step> steps = new ArrayList<>();
    for (MendAccount.Step s : account.steps()) {
      steps.add(
          new MendAccount.Step(
              steps.isEmpty() ? remedy : s.remedy(),
              s.foreseenDb(),
              s.calibratedDb(),
              s.measured(),
              steps.size() % every != 0,
              s.seconds(),
              List.of(remedy)));
    }
    return new MendAccount(
        account.model() + remedy,
        account.scheme(),
        account.learned(),
        account.judged(),
        account.before(),
        steps,
        account.widths(),
        account.after());
  }

  /** Pairs of texts of a drawing whose boxes share some place. */
  private static Object overlaps() {
    return browser.run(
        """
        const boxes = [...document.querySelectorAll("#figure-waterfall .plot svg text")]
          .filter((t) => t.textContent.trim())
          .map((t) => [t.textContent, t.getBoundingClientRect()]);
        const found = [];
        boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
          const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left);
          const tall = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
          if (wide > 1 && tall > 1) {
            found.push(a + " | " + b);
          }
        }));
        return found;
        """);
  }

  @Test
  void everyStepIsDrawnAndNoLabelCoversAnother() throws IOException {
    Path[] pages = {
      mended.resolve(MendDirectory.REPORT), page(dropping(2, "a-remedy"), "dropped.html")
    };
    for (int p = 0; p < pages.length; p++) {
      for (boolean dark : new boolean[] {false, true}) {
        for (int width : new int[] {1400, 420}) {
          browser.screen(width, dark);
          browser.open(pages[p]);
          for (String measure : List.of("accuracy", "same_class", "sqnr")) {
            browser.run(
                "document.querySelector('#figure-waterfall input[value=' + arguments[0] +"
                    + " ']').click()",
                measure);
            assertEquals(List.of(), overlaps(), measure + " at " + width);
            String drawn = browser.find("#figure-waterfall .plot").getText();
            assertTrue(drawn.contains("mended") && drawn.contains("as it was"), drawn);
          }
          browser.run(
              "document.querySelectorAll('#mend-steps details').forEach((d) => d.open = true)");
          assertEquals(
              true,
              browser.run("return document.documentElement.scrollWidth <= innerWidth"),
              "the page is wider than the screen of " + width);
          browser.screenshot("mend-" + p + "-" + width + (dark ? "-dark" : "-light"));
        }
      }
    }
  }

  @Test
  void whatTheAccountSaysStandsInTheTable() {
    browser.screen(1400, false);
    browser.open(mended.resolve(MendDirectory.REPORT));
    List<WebElement> rows = browser.all("#mend-table tbody tr");
    assertEquals(account.steps().size() + 2, rows.size());
    for (int i = 0; i < account.steps().size(); i++) {
      MendAccount.Step s = account.steps().get(i);
      String row = rows.get(i + 1).getText();
      assertTrue(row.startsWith(s.remedy() + " yes"), row);
      String db = String.format(java.util.Locale.ROOT, "%.1f", s.measured().sqnrDb());
      assertTrue(row.contains(db.replace('-', '\u2212')), row + " lacks " + db);
      browser.run("document.querySelectorAll('#mend-steps details')[arguments[0]].open = true", i);
      String told = browser.all("#mend-steps li").get(i).getText();
      for (String line : s.account()) {
        assertTrue(told.contains(line), told);
      }
    }
    String commands = browser.find("#mend-commands").getText();
    assertTrue(commands.contains("depthscope export " + mended), commands);
    assertTrue(browser.find("#mend-images").getText().contains(account.learned()));
    assertTrue(browser.find("#mend-images").getText().contains(account.judged()));
    for (String figure : List.of("propagation", "ranges", "ratio")) {
      assertEquals(
          "chart", browser.find("#figure-" + figure).getDomAttribute("data-drawn"), figure);
    }
    assertTrue(browser.all("#accuracy").isEmpty());
  }

  @Test
  void aNetworkWithoutClassesHasItsSqnrAlone() throws IOException {
    Path out = mend("detector", "--model", "test-data/onnx/detector.onnx");
    browser.screen(1400, false);
    browser.open(out.resolve(MendDirectory.REPORT));
    assertEquals(1, browser.all("#figure-waterfall .figure-bar input").size());
    String table = browser.find("#mend-table").getText();
    assertFalse(table.contains("Top-1") || table.contains("class"), table);
    assertTrue(browser.find("#mend-verdict").getText().contains("SQNR"));
  }

  @Test
  void hostileNamesRunNothing() throws IOException {
    browser.screen(1400, false);
    browser.open(page(dropping(3, RunOfTests.HOSTILE), "hostile-mend.html"));
    assertNotEquals("broken", browser.run("return document.title"));
    assertEquals(0, browser.all("img").size());
    assertTrue(browser.find("#mend-commands").getText().contains("'a folder/network.safetensors'"));
  }
}
