package io.depthscope.record;

import com.fasterxml.jackson.core.JsonGenerator;
import io.depthscope.record.Sensitivity.Direction;
import io.depthscope.record.Sensitivity.Effect;
import io.depthscope.record.Sensitivity.Layer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** {@code sensitivity.json} and {@code sensitivity.csv}: no times, no threads, no paths. */
final class SensitivityFiles {
  static final int SCHEMA_VERSION = 1;

  private SensitivityFiles() {}

  static void writeJson(Sensitivity s, OutputStream out) throws IOException {
    try (JsonGenerator g = Json.generator(out)) {
      g.writeStartObject();
      g.writeNumberField("schemaVersion", SCHEMA_VERSION);
      g.writeStringField("sensitivityOf", s.model());
      if (s.scheme().isPresent()) {
        RunJson.scheme(g, s.scheme().get());
      } else {
        g.writeNullField("scheme");
      }
      g.writeNumberField("calibrationImages", s.calibrationImages());
      g.writeNumberField("images", s.images());
      g.writeNumberField("confidence", s.confidence());
      figures(g, "fp32", SensitivityFigures.WHOLE, s.fp32());
      figures(g, "quantized", SensitivityFigures.WHOLE, s.quantized());
      figures(g, "cost", SensitivityFigures.COST, s.cost());
      g.writeObjectFieldStart("rankings");
      for (Direction d : Direction.values()) {
        g.writeArrayFieldStart(d.word());
        for (Layer l : s.ranking(d)) {
          g.writeString(l.name());
        }
        g.writeEndArray();
      }
      g.writeEndObject();
      g.writeArrayFieldStart("layers");
      for (Layer l : s.layers()) {
        g.writeStartObject();
        g.writeStringField("name", l.name());
        g.writeStringField("op", l.op());
        bits(g, "weightBits", l.weightBits());
        bits(g, "outputBits", l.outputBits());
        for (Direction d : Direction.values()) {
          figures(g, d.word(), SensitivityFigures.EFFECT, l.in(d));
        }
        g.writeEndObject();
      }
      g.writeEndArray();
      g.writeEndObject();
    }
  }

  private static void bits(JsonGenerator g, String name, int bits) throws IOException {
    if (bits == 0) {
      g.writeNullField(name);
    } else {
      g.writeNumberField(name, bits);
    }
  }

  private static <T> void figures(JsonGenerator g, String name, List<Figure<T>> list, T owner)
      throws IOException {
    g.writeObjectFieldStart(name);
    for (Figure<T> f : list) {
      f.write(g, owner);
    }
    g.writeEndObject();
  }

  /** A row for each layer and direction, most sensitive first. */
  static void writeCsv(Sensitivity s, OutputStream out) throws IOException {
    StringBuilder text = new StringBuilder("direction,layer,op,weightBits,outputBits");
    SensitivityFigures.EFFECT.forEach(f -> text.append(',').append(f.name()));
    text.append('\n');
    for (Direction d : Direction.values()) {
      for (Layer l : s.ranking(d)) {
        text.append(d.word()).append(',').append(CsvText.quoted(l.name())).append(',');
        text.append(CsvText.quoted(l.op()));
        text.append(',').append(l.weightBits() == 0 ? "" : l.weightBits());
        text.append(',').append(l.outputBits() == 0 ? "" : l.outputBits());
        for (Figure<Effect> f : SensitivityFigures.EFFECT) {
          text.append(',').append(f.text(l.in(d)));
        }
        text.append('\n');
      }
    }
    out.write(text.toString().getBytes(StandardCharsets.UTF_8));
  }
}
