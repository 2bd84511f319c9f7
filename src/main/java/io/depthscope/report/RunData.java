package io.depthscope.report;

import io.depthscope.diagnosis.Finding;
import io.depthscope.store.RecordedLayer;
import io.depthscope.store.RecordedRun;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * The data of a page as JSON, in the words of docs/results-schema.md; {@code core.js} and the
 * scripts after it read it.
 */
final class RunData {
  /** More points than this show no more in a figure, and a page must open at once. */
  private static final int MOST_IMAGES = 20_000;

  private RunData() {}

  /** A run with its channels, histograms and images. */
  static String whole(RecordedRun run, List<Finding> findings) {
    return CompactJson.object(
        json -> {
          head(json, run);
          json.array(
              "findings",
              a -> {
                for (Finding f : findings) {
                  a.item(o -> finding(o, f));
                }
              });
          json.array(
              "layers",
              a -> {
                for (RecordedLayer layer : run.layers()) {
                  a.item(
                      o -> {
                        LayerData.summary(o, layer);
                        LayerData.detail(o, layer);
                      });
                }
              });
          predictions(json, run);
          json.any("manifest", run.manifest());
        });
  }

  /** Several runs without their channels, histograms and images. */
  static String sideBySide(String title, List<LabelledRun> runs, List<TextSection> sections) {
    return CompactJson.object(
        json -> {
          json.text("title", title)
              .array(
                  "runs",
                  a -> {
                    for (LabelledRun r : runs) {
                      a.item(o -> labelled(o, r));
                    }
                  })
              .array(
                  "sections",
                  a -> {
                    for (TextSection s : sections) {
                      a.item(o -> section(o, s));
                    }
                  });
        });
  }

  private static void labelled(CompactJson json, LabelledRun labelled) throws IOException {
    json.text("label", labelled.label()).text("group", labelled.group());
    head(json, labelled.run());
    json.object("layers", o -> LayerData.table(o, labelled.run().layers()));
  }

  private static void section(CompactJson json, TextSection section) throws IOException {
    json.text("title", section.title());
    texts(json, "paragraphs", section.paragraphs());
    texts(json, "header", section.header());
    json.array(
        "rows",
        a -> {
          for (List<String> row : section.rows()) {
            a.array(
                cells -> {
                  for (String cell : row) {
                    cells.text(cell);
                  }
                });
          }
        });
  }

  static void texts(CompactJson json, String name, List<String> texts) throws IOException {
    json.array(
        name,
        a -> {
          for (String text : texts) {
            a.text(text);
          }
        });
  }

  private static void head(CompactJson json, RecordedRun run) throws IOException {
    RecordedRun.Scheme s = run.scheme();
    RecordedRun.Network n = run.network();
    json.text("name", run.name())
        .text("model", run.model())
        .text("family", run.family())
        .text("feed", run.feed())
        .count("calibrationImages", run.calibrationImages())
        .object(
            "scheme",
            o -> {
              o.text("name", s.name());
              format(o, "weights", s.weights().orElse(null));
              format(o, "activations", s.activations().orElse(null));
              o.text("granularity", s.granularity())
                  .text("activationRange", s.activationRange())
                  .text("weightRange", s.weightRange());
            })
        .object(
            "network",
            o ->
                o.count("images", n.images())
                    .count("skippedImages", n.skippedImages())
                    .number("top1Fp32", n.top1Fp32())
                    .number("top1Quantized", n.top1Quantized())
                    .number("top5Fp32", n.top5Fp32())
                    .number("top5Quantized", n.top5Quantized())
                    .number("agreementTop1", n.agreementTop1())
                    .number("relativeAccuracyDrop", n.relativeAccuracyDrop())
                    .number("qmse", n.qmse())
                    .number("qce", n.qce())
                    .number("logitSqnrDb", n.logitSqnrDb()));
  }

  private static void format(CompactJson json, String name, RecordedRun.Format format)
      throws IOException {
    if (format == null) {
      json.nothing(name);
    } else {
      json.object(
          name,
          o ->
              o.count("bits", format.bits())
                  .bool("signed", format.signed())
                  .bool("symmetric", format.symmetric()));
    }
  }

  private static void finding(CompactJson json, Finding f) throws IOException {
    json.text("kind", f.kind().name().toLowerCase(Locale.ROOT))
        .text("severity", f.severity().name().toLowerCase(Locale.ROOT))
        .text("layer", f.layer())
        .array(
            "channels",
            a -> {
              for (int c : f.channels()) {
                a.count(c);
              }
            })
        .array(
            "images",
            a -> {
              for (int i : f.images()) {
                a.count(i);
              }
            })
        .text("statement", f.statement())
        .text("remedy", f.remedy())
        .object(
            "evidence",
            o -> {
              for (Map.Entry<String, Double> e : f.evidence().entrySet()) {
                o.number(e.getKey(), e.getValue());
              }
            });
  }

  private static void predictions(CompactJson json, RecordedRun run) throws IOException {
    List<RecordedRun.Prediction> shown = shown(run);
    json.object(
        "predictions",
        o -> {
          o.count("all", run.predictions().size())
              .count(
                  "flipped",
                  run.predictions().stream().filter(RecordedRun.Prediction::flipped).count());
          texts(o, "image", shown.stream().map(RecordedRun.Prediction::image).toList());
          integers(o, "index", shown, RecordedRun.Prediction::index);
          integers(o, "label", shown, RecordedRun.Prediction::label);
          integers(o, "fp32", shown, RecordedRun.Prediction::fp32);
          integers(o, "quantized", shown, RecordedRun.Prediction::quantized);
          numbers(o, "margin", shown, RecordedRun.Prediction::margin);
          numbers(o, "logitNoise", shown, RecordedRun.Prediction::logitNoise);
        });
  }

  private static void integers(
      CompactJson json,
      String name,
      List<RecordedRun.Prediction> predictions,
      Function<RecordedRun.Prediction, Integer> value)
      throws IOException {
    json.array(
        name,
        a -> {
          for (RecordedRun.Prediction p : predictions) {
            a.count(value.apply(p));
          }
        });
  }

  private static void numbers(
      CompactJson json,
      String name,
      List<RecordedRun.Prediction> predictions,
      ToDoubleFunction<RecordedRun.Prediction> value)
      throws IOException {
    json.array(
        name,
        a -> {
          for (RecordedRun.Prediction p : predictions) {
            a.number(value.applyAsDouble(p));
          }
        });
  }

  /**
   * All images, or where they are too many: those that the layers name, and of the flipped and of
   * the others half of the room each, evenly spaced over the data set.
   */
  private static List<RecordedRun.Prediction> shown(RecordedRun run) {
    List<RecordedRun.Prediction> all = run.predictions();
    if (all.size() <= MOST_IMAGES) {
      return all;
    }
    Set<Integer> chosen = new HashSet<>();
    for (RecordedLayer layer : run.layers()) {
      layer.fp32().highest().forEach(e -> chosen.add(e.image()));
      layer.fp32().lowest().forEach(e -> chosen.add(e.image()));
    }
    for (boolean flipped : new boolean[] {true, false}) {
      List<RecordedRun.Prediction> kind = all.stream().filter(p -> p.flipped() == flipped).toList();
      int room = Math.min(kind.size(), MOST_IMAGES / 2);
      for (int i = 0; i < room; i++) {
        chosen.add(kind.get((int) ((long) i * kind.size() / room)).index());
      }
    }
    List<RecordedRun.Prediction> shown = new ArrayList<>();
    for (RecordedRun.Prediction p : all) {
      if (chosen.contains(p.index())) {
        shown.add(p);
      }
    }
    return shown;
  }
}
