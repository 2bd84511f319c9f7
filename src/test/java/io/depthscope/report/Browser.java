package io.depthscope.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.WebDriverWait;

/** The Chromium of this machine without a window, with a page of ours in it. */
final class Browser implements AutoCloseable {
  /** Warns that it does not know the newest Chromium's protocol; what is used here is old. */
  private static final Logger SELENIUM = Logger.getLogger("org.openqa.selenium");

  private final ChromeDriver driver;

  private Browser(ChromeDriver driver) {
    this.driver = driver;
  }

  /** Starts one. Where Chromium or its driver is missing, the test is skipped. */
  static Browser start() {
    Optional<Path> chromium = installed("chromium", "chromium-browser", "google-chrome");
    Optional<Path> chromedriver = installed("chromedriver");
    boolean there = chromium.isPresent() && chromedriver.isPresent();
    String missing = "chromium or chromedriver is not installed";
    if (Boolean.getBoolean("depthscope.test.browserRequired")) {
      assertTrue(there, missing);
    }
    assumeTrue(there, missing + "; test skipped");
    SELENIUM.setLevel(Level.SEVERE);
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium.orElseThrow().toFile());
    // Root, which CI is, may not have Chromium's sandbox; the page is our own.
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        "--window-size=1400,1000");
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    logs.enable(LogType.PERFORMANCE, Level.ALL);
    options.setCapability("goog:loggingPrefs", logs);
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(chromedriver.orElseThrow().toFile())
            .build();
    return new Browser(new ChromeDriver(service, options));
  }

  private static Optional<Path> installed(String... names) {
    for (String name : names) {
      for (String folder : System.getenv("PATH").split(":", -1)) {
        Path file = Path.of(folder, name);
        if (Files.isExecutable(file)) {
          return Optional.of(file);
        }
      }
    }
    return Optional.empty();
  }

  /** Sets what a reader's screen is like, for pages opened from now on. */
  void screen(int width, boolean dark) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", 1000, "deviceScaleFactor", 1, "mobile", false));
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of(
            "features",
            List.of(
                Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"),
                Map.of("name", "prefers-reduced-motion", "value", "reduce"))));
  }

  /** Opens a page and waits until every figure has had its turn. */
  void open(Path page) {
    driver.get(page.toUri().toString());
    until("return document.documentElement.dataset.drawn === 'all'");
  }

  /** Waits for a condition; there is no other way to know when a browser has caught up. */
  void until(String script) {
    new WebDriverWait(driver, Duration.ofMinutes(2))
        .withMessage(script)
        .until(d -> Boolean.TRUE.equals(run(script)));
  }

  Object run(String script, Object... arguments) {
    return driver.executeScript(script, arguments);
  }

  WebElement find(String css) {
    return driver.findElement(By.cssSelector(css));
  }

  List<WebElement> all(String css) {
    return driver.findElements(By.cssSelector(css));
  }

  WebElement focused() {
    return driver.switchTo().activeElement();
  }

  /** A real click of the mouse at a place inside an element. */
  void clickAt(WebElement element, double x, double y) {
    run("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element);
    List<?> box =
        (List<?>)
            run(
                "const r = arguments[0].getBoundingClientRect(); return [r.x, r.y, r.width,"
                    + " r.height]",
                element);
    double left = ((Number) box.get(0)).doubleValue() + x * ((Number) box.get(2)).doubleValue();
    double top = ((Number) box.get(1)).doubleValue() + y * ((Number) box.get(3)).doubleValue();
    for (String type : new String[] {"mouseMoved", "mousePressed", "mouseReleased"}) {
      driver.executeCdpCommand(
          "Input.dispatchMouseEvent",
          Map.of("type", type, "x", left, "y", top, "button", "left", "clickCount", 1));
    }
  }

  /** What the page wrote to the console since the last call, errors and warnings. */
  private List<String> complaints() {
    return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
        .filter(e -> e.getLevel().intValue() >= Level.WARNING.intValue())
        .map(LogEntry::getMessage)
        .toList();
  }

  /** Requests since the last call, as DevTools reports them: JSON, one a request. */
  private List<String> requests() {
    return driver.manage().logs().get(LogType.PERFORMANCE).getAll().stream()
        .map(LogEntry::getMessage)
        .filter(m -> m.contains("\"Network.requestWillBeSent\""))
        .toList();
  }

  /**
   * Asserts that since the last call nothing went wrong in the page and it loaded nothing.
   *
   * @param schemes of addresses that are no requests, such as {@code file://}
   */
  void assertSelfContained(String... schemes) {
    assertEquals(List.of(), complaints());
    for (String request : requests()) {
      assertTrue(
          Stream.of(schemes).anyMatch(scheme -> request.contains("\"url\":\"" + scheme)), request);
    }
  }

  /** Keeps a picture of the whole page for people to look at. */
  void screenshot(String name) {
    Map<?, ?> metrics = driver.executeCdpCommand("Page.getLayoutMetrics", Map.of());
    Map<?, ?> size = (Map<?, ?>) metrics.get("cssContentSize");
    Map<String, Object> picture =
        driver.executeCdpCommand(
            "Page.captureScreenshot",
            Map.of(
                "format",
                "png",
                "captureBeyondViewport",
                true,
                "clip",
                Map.of(
                    "x",
                    0,
                    "y",
                    0,
                    "width",
                    size.get("width"),
                    "height",
                    size.get("height"),
                    "scale",
                    1)));
    Path folder =
        Path.of(System.getProperty("depthscope.test.screenshots", "target/report-screenshots"));
    try {
      Files.createDirectories(folder);
      Files.write(
          folder.resolve(name + ".png"), Base64.getDecoder().decode((String) picture.get("data")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    driver.quit();
  }
}
