package io.depthscope.diagnosis;

import com.fasterxml.jackson.core.JsonGenerator;
import io.depthscope.record.Figure;
import io.depthscope.record.Json;
import io.depthscope.record.Run;
import io.depthscope.record.RunFigures;
import io.depthscope.record.RunSetting;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

/** A comparison as JSON; its fields stand in docs/results-schema.md. */
public final class ComparisonJson {
  private static final int SCHEMA_VERSION = 1;

  private ComparisonJson() {}

  /** Writes it. */
  public static void write(RunComparison c, OutputStream out) throws IOException {
    try (JsonGenerator g = Json.generator(out)) {
      g.writeStartObject();
      g.writeNumberField("schemaVersion", SCHEMA_VERSION);
      run(g, "a", c.a());
      run(g, "b", c.b());
      g.writeArrayFieldStart("settings");
      for (SettingChange s : c.settings()) {
        g.writeStartObject();
        g.writeStringField("kind", s.kind().name());
        g.writeStringField("name", s.name());
        g.writeStringField("a", s.a());
        g.writeStringField("b", s.b());
        g.writeEndObject();
      }
      g.writeEndArray();
      figures(g, c);
      g.writeArrayFieldStart("layers");
      for (LayerChange l : c.layers()) {
        layer(g, l);
      }
      g.writeEndArray();
      names(g, "onlyInA", c.onlyInA());
      names(g, "onlyInB", c.onlyInB());
      g.writeStringField("parting", c.parting().map(LayerChange::name).orElse(""));
      names(g, "explaining", c.explaining().stream().map(LayerChange::name).toList());
      findings(g, "gone", c.gone());
      findings(g, "appeared", c.appeared());
      predictions(g, c.predictions());
      g.writeEndObject();
    }
  }

  private static void run(JsonGenerator g, String name, Run run) throws IOException {
    g.writeObjectFieldStart(name);
    g.writeStringField("name", run.name());
    g.writeStringField("model", run.model());
    g.writeStringField("scheme", run.scheme().name());
    g.writeStringField("granularity", run.scheme().granularity().toString());
    g.writeBooleanField("parametersAsWritten", RunSetting.asWritten(run));
    g.writeEndObject();
  }

  private static void figures(JsonGenerator g, RunComparison c) throws IOException {
    g.writeObjectFieldStart("network");
    for (Figure<Run.Network> f : RunFigures.NETWORK.figures()) {
      if (f.exists().test(c.a().network()) && f.exists().test(c.b().network())) {
        difference(g, f, c.a().network(), c.b().network());
      } else {
        g.writeNullField(f.name());
      }
    }
    g.writeEndObject();
    g.writeArrayFieldStart("outputs");
    for (RunComparison.OutputPair o : c.outputs()) {
      g.writeStartObject();
      g.writeStringField("layer", o.a().layer());
      for (Figure<Run.Output> f : RunFigures.NETWORK_OUTPUT.figures()) {
        difference(g, f, o.a(), o.b());
      }
      g.writeEndObject();
    }
    g.writeEndArray();
  }

  private static <T> void difference(JsonGenerator g, Figure<T> f, T ofA, T ofB)
      throws IOException {
    double a = f.of(ofA);
    double b = f.of(ofB);
    g.writeObjectFieldStart(f.name());
    g.writeNumberField("a", a);
    g.writeNumberField("b", b);
    g.writeNumberField("difference", LayerChange.difference(a, b));
    g.writeEndObject();
  }

  private static void layer(JsonGenerator g, LayerChange l) throws IOException {
    g.writeStartObject();
    g.writeStringField("name", l.name());
    g.writeNumberField("sqnrDbA", l.sqnrA());
    g.writeNumberField("sqnrDbB", l.sqnrB());
    g.writeNumberField("difference", l.difference());
    g.writeNumberField("local", l.local());
    g.writeNumberField("gainA", l.gainA());
    g.writeNumberField("gainB", l.gainB());
    g.writeNumberField("weightSqnrDbA", l.weightSqnrA());
    g.writeNumberField("weightSqnrDbB", l.weightSqnrB());
    g.writeNumberField("weightLevelsA", l.weightLevelsA());
    g.writeNumberField("weightLevelsB", l.weightLevelsB());
    g.writeEndObject();
  }

  private static void names(JsonGenerator g, String name, List<String> all) throws IOException {
    g.writeArrayFieldStart(name);
    for (String s : all) {
      g.writeString(s);
    }
    g.writeEndArray();
  }

  private static void findings(JsonGenerator g, String name, List<FindingChange> all)
      throws IOException {
    g.writeArrayFieldStart(name);
    for (FindingChange f : all) {
      g.writeStartObject();
      g.writeFieldName("finding");
      FindingsJson.finding(g, f.finding());
      g.writeStringField(
          "severityElsewhere", f.elsewhere().map(e -> e.severity().name()).orElse(""));
      g.writeEndObject();
    }
    g.writeEndArray();
  }

  private static void predictions(JsonGenerator g, PredictionChange p) throws IOException {
    g.writeObjectFieldStart("predictions");
    g.writeNumberField("images", p.images());
    g.writeNumberField("flippedInA", p.flippedInA());
    g.writeNumberField("flippedInB", p.flippedInB());
    g.writeNumberField("flippedInBoth", p.flippedInBoth());
    g.writeNumberField("rightInA", p.rightInA());
    g.writeNumberField("rightInB", p.rightInB());
    g.writeEndObject();
  }
}
