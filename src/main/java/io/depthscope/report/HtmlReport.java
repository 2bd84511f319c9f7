package io.depthscope.report;

import io.depthscope.diagnosis.Finding;
import io.depthscope.file.Sha256;
import io.depthscope.record.Run;
import io.depthscope.record.RunSetting;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/**
 * Recorded runs as one HTML file with everything in it: style, scripts, charting library and data.
 * The same runs give the same text. The page asks the network for nothing, and its content security
 * policy lets no script run but those that stand in it, whatever the names in the data are.
 */
public final class HtmlReport {
  private static final String CHARTS = "/META-INF/resources/webjars/echarts/5.5.0/echarts.min.js";

  /** What both pages run, in this order. */
  private static final List<String> SHARED = List.of("core.js", "tables.js", "charts.js");

  private static final List<String> RUN_SCRIPTS =
      List.of(
          "dagre.min.js",
          "graph.js",
          "overview.js",
          "ranges.js",
          "propagation.js",
          "channels.js",
          "boxes.js",
          "inspector.js",
          "images.js",
          "run.js");

  private static final List<String> COMPARISON_SCRIPTS = List.of("comparison.js");
  private static final List<String> MEND_SCRIPTS = List.of("mend.js", "comparison.js");

  private HtmlReport() {}

  /**
   * One run: key figures, findings, and every figure down to the channels of a layer.
   *
   * @param findings worst first
   */
  public static String of(Run run, List<Finding> findings) {
    String title = run.model() + " " + RunSetting.quantization(run);
    return page(resource("run.html"), title, RunData.whole(run, findings), RUN_SCRIPTS);
  }

  /** Several runs on shared axes, layer by layer, below texts and their tables. */
  public static String sideBySide(
      String title, List<LabelledRun> runs, List<TextSection> sections) {
    return page(
        comparison(""), title, RunData.sideBySide(title, runs, sections), COMPARISON_SCRIPTS);
  }

  /** The two runs of a mended network on shared axes, below what was tried on it. */
  static String mended(
      String title, List<LabelledRun> runs, List<TextSection> sections, CompactJson.Content mend) {
    return page(
        comparison(resource("mend.html")),
        title,
        RunData.sideBySide(title, runs, sections, mend),
        MEND_SCRIPTS);
  }

  /** The body of a page of several runs with something above its texts. */
  private static String comparison(String lead) {
    return resource("comparison.html").replace("{{lead}}", lead);
  }

  private static String page(String body, String title, String data, List<String> own) {
    StringBuilder scripts = new StringBuilder(1 << 20);
    StringBuilder hashes = new StringBuilder();
    script(resource(CHARTS), scripts, hashes);
    for (List<String> files : List.of(SHARED, own)) {
      for (String file : files) {
        script(resource(file), scripts, hashes);
      }
    }
    StringBuilder page = new StringBuilder(scripts.length() + data.length() + (1 << 16));
    String template = resource("page.html");
    int at = 0;
    for (int open = template.indexOf("{{"); open >= 0; open = template.indexOf("{{", at)) {
      int close = template.indexOf("}}", open);
      page.append(template, at, open)
          .append(
              switch (template.substring(open + 2, close)) {
                case "policy" ->
                    "default-src 'none'; base-uri 'none'; form-action 'none';"
                        + " img-src data: blob:; style-src 'unsafe-inline'; script-src"
                        + hashes;
                case "title" -> escape(title);
                case "figures" -> figures(body);
                case "style" -> resource("report.css");
                case "body" -> body;
                case "data" -> data;
                case "scripts" -> scripts;
                default -> throw new IllegalStateException("page.html has an unknown place");
              });
      at = close + 2;
    }
    return page.append(template, at, template.length()).toString();
  }

  /** Where the figures of a body begin. */
  private static String figures(String body) {
    return body.contains("id=\"mend\"")
        ? "mend"
        : body.contains("id=\"sources\"") ? "sources" : "selection-of-runs";
  }

  /** A script element, and the hash under which the policy lets it run. */
  private static void script(String source, StringBuilder scripts, StringBuilder hashes) {
    // Inside a string or a pattern, the only places where it can stand, the escape means the same.
    String inline = source.replace("\r\n", "\n").replaceAll("(?i)</(?=script)", "<\\\\/");
    scripts.append("<script>").append(inline).append("</script>\n");
    hashes.append(" 'sha256-").append(sha256(inline)).append('\'');
  }

  private static String sha256(String text) {
    return Base64.getEncoder()
        .encodeToString(Sha256.begin().digest(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  private static String resource(String name) {
    try (InputStream in = HtmlReport.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(
            String.format(Locale.ROOT, "%s is missing from the program", name));
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
