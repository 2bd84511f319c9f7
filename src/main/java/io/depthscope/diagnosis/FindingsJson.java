package io.depthscope.diagnosis;

import com.fasterxml.jackson.core.JsonGenerator;
import io.depthscope.record.Json;
import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;
import io.depthscope.record.RunSetting;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;

/** {@code findings.json}; its fields stand in docs/results-schema.md. */
public final class FindingsJson {
  private static final int SCHEMA_VERSION = 1;

  private FindingsJson() {}

  /** Writes the findings of a run. */
  public static void write(Run run, List<Finding> findings, OutputStream out) throws IOException {
    try (JsonGenerator g = Json.generator(out)) {
      g.writeStartObject();
      g.writeNumberField("schemaVersion", SCHEMA_VERSION);
      g.writeStringField("model", run.model());
      g.writeStringField("scheme", run.scheme().name());
      g.writeStringField("granularity", run.scheme().granularity().toString());
      g.writeBooleanField("parametersAsWritten", RunSetting.asWritten(run));
      g.writeBooleanField("lostAccuracy", Diagnosis.lostAccuracy(run));
      g.writeArrayFieldStart("findings");
      for (Finding f : findings) {
        finding(g, f);
      }
      g.writeEndArray();
      Optional<NextStep> next = NextStep.of(run, findings);
      if (next.isPresent()) {
        g.writeObjectFieldStart("next");
        names(g, "steps", next.get().steps());
        g.writeNumberField("predictedSqnrDb", next.get().predictedSqnrDb());
        g.writeEndObject();
      }
      shares(g, run);
      g.writeEndObject();
    }
  }

  static void finding(JsonGenerator g, Finding f) throws IOException {
    g.writeStartObject();
    g.writeStringField("kind", f.kind().name());
    g.writeStringField("severity", f.severity().name());
    g.writeStringField("layer", f.layer());
    ids(g, "channels", f.channels());
    ids(g, "images", f.images());
    g.writeStringField("statement", f.statement());
    g.writeStringField("remedy", f.remedy());
    names(g, "steps", f.advice().steps());
    g.writeObjectFieldStart("evidence");
    for (Evidence.Item e : f.evidence().items()) {
      switch (e) {
        case Evidence.Measured m -> g.writeNumberField(m.name(), m.value());
        case Evidence.Fact fact -> g.writeBooleanField(fact.name(), fact.holds());
      }
    }
    g.writeNumberField("errorShare", f.cost().share());
    g.writeNumberField("costDb", f.costDb());
    g.writeNumberField("predictedSqnrDb", f.cost().predictedSqnrDb());
    g.writeEndObject();
    g.writeArrayFieldStart("consequences");
    for (Finding c : f.consequences()) {
      finding(g, c);
    }
    g.writeEndArray();
    g.writeEndObject();
  }

  private static void shares(JsonGenerator g, Run run) throws IOException {
    ErrorShares shares = ErrorShares.of(run);
    g.writeArrayFieldStart("errorShares");
    for (RunLayer l : shares.largest()) {
      ErrorShares.Own own = shares.of(l);
      g.writeStartObject();
      g.writeStringField("layer", l.name());
      g.writeNumberField("share", own.all());
      g.writeNumberField("weights", own.weights());
      g.writeNumberField("clipping", own.clipping());
      g.writeNumberField("rounding", own.rounding());
      g.writeEndObject();
    }
    g.writeEndArray();
  }

  private static void names(JsonGenerator g, String field, List<String> names) throws IOException {
    g.writeArrayFieldStart(field);
    for (String name : names) {
      g.writeString(name);
    }
    g.writeEndArray();
  }

  private static void ids(JsonGenerator g, String name, List<Integer> ids) throws IOException {
    g.writeArrayFieldStart(name);
    for (int id : ids) {
      g.writeNumber(id);
    }
    g.writeEndArray();
  }
}
