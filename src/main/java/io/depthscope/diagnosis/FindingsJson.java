package io.depthscope.diagnosis;

import com.fasterxml.jackson.core.JsonGenerator;
import io.depthscope.store.Json;
import io.depthscope.store.RecordedRun;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;

/** {@code findings.json}; its fields stand in docs/results-schema.md. */
public final class FindingsJson {
  private static final int SCHEMA_VERSION = 1;

  private FindingsJson() {}

  /** Writes the findings of a run. */
  public static void write(RecordedRun run, List<Finding> findings, OutputStream out)
      throws IOException {
    try (JsonGenerator g = Json.generator(out)) {
      g.writeStartObject();
      g.writeNumberField("schemaVersion", SCHEMA_VERSION);
      g.writeStringField("model", run.model());
      g.writeStringField("scheme", run.scheme().name());
      g.writeStringField("granularity", run.scheme().granularity());
      g.writeBooleanField("lostAccuracy", Findings.lostAccuracy(run));
      g.writeArrayFieldStart("findings");
      for (Finding f : findings) {
        finding(g, f);
      }
      g.writeEndArray();
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
    g.writeObjectFieldStart("evidence");
    for (Map.Entry<String, Double> e : f.evidence().entrySet()) {
      g.writeNumberField(e.getKey(), e.getValue());
    }
    g.writeEndObject();
    g.writeEndObject();
  }

  private static void ids(JsonGenerator g, String name, List<Integer> ids) throws IOException {
    g.writeArrayFieldStart(name);
    for (int id : ids) {
      g.writeNumber(id);
    }
    g.writeEndArray();
  }
}
