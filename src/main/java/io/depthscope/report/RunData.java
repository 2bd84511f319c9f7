package io.depthscope.report;

import io.depthscope.diagnosis.Diagnosis;
import io.depthscope.diagnosis.ErrorShares;
import io.depthscope.diagnosis.Evidence;
import io.depthscope.diagnosis.Finding;
import io.depthscope.diagnosis.NextStep;
import io.depthscope.diagnosis.RunVerdict;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantScheme;
import io.depthscope.record.Run;
import io.depthscope.record.RunFigures;
import io.depthscope.record.RunLayer;
import io.depthscope.record.RunSetting;
import io.depthscope.stats.ErrorTerm;
import io.depthscope.stats.Prediction;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
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
  static String whole(Run run, List<Finding> findings) {
    return CompactJson.object(
        json -> {
          head(json, run);
          json.text("verdict", RunVerdict.of(run)).any("units", RunFigures.units());
          texts(json, "sources", Arrays.stream(ErrorTerm.values()).map(RunFigures::name).toList());
          json.array(
              "findings",
              a -> {
                for (Finding f : findings) {
                  a.item(o -> finding(o, f));
                }
              });
          json.text("withoutCause", Diagnosis.withoutCause(run, findings).orElse(""));
          json.object("next", o -> next(o, NextStep.of(run, findings)));
          ErrorShares shares = ErrorShares.of(run);
          json.array(
              "errorShares",
              a -> {
                for (RunLayer layer : run.layers()) {
                  a.number(shares.of(layer).all());
                }
              });
          texts(json, "marked", shares.marked().stream().map(RunLayer::name).toList());
          json.array(
              "layers",
              a -> {
                for (RunLayer layer : run.layers()) {
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
    return CompactJson.object(json -> sideBySide(json, title, runs, sections));
  }

  /** The same with what was tried on a network. */
  static String sideBySide(
      String title, List<LabelledRun> runs, List<TextSection> sections, CompactJson.Content mend) {
    return CompactJson.object(
        json -> {
          sideBySide(json, title, runs, sections);
          json.object("mend", mend);
        });
  }

  private static void sideBySide(
      CompactJson json, String title, List<LabelledRun> runs, List<TextSection> sections)
      throws IOException {
    json.any("units", RunFigures.units());
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

  private static void head(CompactJson json, Run run) throws IOException {
    QuantScheme s = run.scheme();
    json.text("name", run.name())
        .text("model", run.model())
        .text("family", run.family())
        .text("quantization", RunSetting.quantization(run))
        .bool("parametersAsWritten", RunSetting.asWritten(run))
        .text("feed", run.feed().toString())
        .count("calibrationImages", run.calibrationImages())
        .object(
            "scheme",
            o -> {
              o.text("name", s.name());
              format(o, "weights", s.weights().orElse(null));
              format(o, "activations", s.activations().orElse(null));
              o.text("granularity", s.granularity().toString())
                  .text("activationRange", s.activationRange().name())
                  .text("weightRange", s.weightRange().name());
            })
        .bool("labelled", run.network().accuracy().isPresent())
        .bool("classifier", run.isClassifier())
        .object("network", o -> o.figures(RunFigures.NETWORK.figures(), run.network()))
        .array(
            "outputs",
            a -> {
              for (Run.Output output : run.outputs()) {
                a.item(
                    o ->
                        o.text("layer", output.layer())
                            .figures(RunFigures.NETWORK_OUTPUT.figures(), output));
              }
            });
  }

  private static void format(CompactJson json, String name, QuantFormat format) throws IOException {
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
    json.text("kind", word(f.kind()))
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
        .bool("mends", !f.advice().steps().isEmpty())
        .array(
            "consequences",
            a -> {
              for (Finding c : f.consequences()) {
                a.item(o -> o.text("kind", word(c.kind())).text("layer", c.layer()));
              }
            })
        .object(
            "evidence",
            o -> {
              for (Evidence.Item e : f.evidence().items()) {
                switch (e) {
                  case Evidence.Measured m -> o.number(m.name(), m.value());
                  case Evidence.Fact fact -> o.bool(fact.name(), fact.holds());
                }
              }
              o.number("errorShare", f.cost().share())
                  .number("costDb", f.costDb())
                  .number("sqnrOfOutputDb", f.cost().outputSqnrDb())
                  .number("predictedSqnrDb", f.cost().predictedSqnrDb());
            });
  }

  private static String word(Finding.Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  private static void next(CompactJson json, Optional<NextStep> next) throws IOException {
    if (next.isPresent()) {
      json.text("command", next.get().command())
          .number("sqnrDb", next.get().sqnrDb())
          .number("predictedSqnrDb", next.get().predictedSqnrDb());
    }
  }

  private static void predictions(CompactJson json, Run run) throws IOException {
    List<Prediction> shown = shown(run);
    json.object(
        "predictions",
        o -> {
          o.count("all", run.predictions().size())
              .count(
                  "flipped",
                  run.isClassifier()
                      ? run.predictions().stream().filter(Prediction::flipped).count()
                      : 0);
          texts(o, "image", shown.stream().map(Prediction::image).toList());
          integers(o, "index", shown, Prediction::index);
          integers(o, "label", shown, Prediction::label);
          integers(o, "fp32", shown, Prediction::fp32);
          integers(o, "quantized", shown, Prediction::quantized);
          numbers(o, "margin", shown, Prediction::margin);
          numbers(o, "logitNoise", shown, Prediction::logitNoise);
          numbers(o, "sqnrDb", shown, Prediction::sqnrDb);
        });
  }

  private static void integers(
      CompactJson json,
      String name,
      List<Prediction> predictions,
      Function<Prediction, Integer> value)
      throws IOException {
    json.array(
        name,
        a -> {
          for (Prediction p : predictions) {
            a.count(value.apply(p));
          }
        });
  }

  private static void numbers(
      CompactJson json,
      String name,
      List<Prediction> predictions,
      ToDoubleFunction<Prediction> value)
      throws IOException {
    json.array(
        name,
        a -> {
          for (Prediction p : predictions) {
            a.number(value.applyAsDouble(p));
          }
        });
  }

  /**
   * All images, or where they are too many: those that the layers name, and of the flipped and of
   * the others half of the room each, evenly spaced over the data set. Without classes those of the
   * lowest SQNR stand for the flipped.
   */
  private static List<Prediction> shown(Run run) {
    List<Prediction> all = run.predictions();
    if (all.size() <= MOST_IMAGES) {
      return all;
    }
    Set<Integer> chosen = new HashSet<>();
    for (RunLayer layer : run.layers()) {
      layer.reach().highest().forEach(e -> chosen.add(e.image()));
      layer.reach().lowest().forEach(e -> chosen.add(e.image()));
    }
    Predicate<Prediction> told = run.isClassifier() ? Prediction::flipped : lowest(all);
    for (boolean flipped : new boolean[] {true, false}) {
      List<Prediction> kind = all.stream().filter(p -> told.test(p) == flipped).toList();
      int room = Math.min(kind.size(), MOST_IMAGES / 2);
      for (int i = 0; i < room; i++) {
        chosen.add(kind.get((int) ((long) i * kind.size() / room)).index());
      }
    }
    List<Prediction> shown = new ArrayList<>();
    for (Prediction p : all) {
      if (chosen.contains(p.index())) {
        shown.add(p);
      }
    }
    return shown;
  }

  /** As many as half of the room holds. */
  private static Predicate<Prediction> lowest(List<Prediction> all) {
    Set<Integer> indices = new HashSet<>();
    all.stream()
        .sorted(Comparator.comparingDouble(Prediction::sqnrDb).thenComparingInt(Prediction::index))
        .limit(MOST_IMAGES / 2)
        .forEach(p -> indices.add(p.index()));
    return p -> indices.contains(p.index());
  }
}
