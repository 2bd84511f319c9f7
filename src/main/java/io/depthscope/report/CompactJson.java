package io.depthscope.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.depthscope.record.Figure;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;

/**
 * Writes the JSON that stands inside a page: short, and safe inside a script element whatever the
 * names in it are. A figure has five significant digits; NaN is null, infinities are the strings
 * {@code "Infinity"} and {@code "-Infinity"}.
 */
final class CompactJson {
  private static final MathContext DIGITS = new MathContext(5, RoundingMode.HALF_EVEN);
  private static final double EXACT_INTEGERS = 1e15;

  /** Fills a generator. */
  interface Content {
    void writeTo(CompactJson json) throws IOException;
  }

  private final JsonGenerator out;

  private CompactJson(JsonGenerator out) {
    this.out = out;
  }

  /** The text of one object; {@code <} does not occur in it. */
  static String object(Content content) {
    StringWriter text = new StringWriter();
    try (JsonGenerator g = new JsonFactory().createGenerator(text)) {
      g.writeStartObject();
      content.writeTo(new CompactJson(g));
      g.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("a string cannot be written to", e);
    }
    // Outside of strings JSON has no such character, so that this changes texts alone.
    return text.toString()
        .replace("<", "\\u003c")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029");
  }

  CompactJson text(String name, String value) throws IOException {
    out.writeStringField(name, value);
    return this;
  }

  CompactJson number(String name, double value) throws IOException {
    out.writeFieldName(name);
    return number(value);
  }

  CompactJson count(String name, long value) throws IOException {
    out.writeNumberField(name, value);
    return this;
  }

  /** Figures under their own names. */
  <T> CompactJson figures(List<Figure<T>> figures, T owner) throws IOException {
    for (Figure<T> f : figures) {
      if (f.unit() == Figure.Unit.COUNT) {
        count(f.name(), (long) f.of(owner));
      } else if (f.unit() == Figure.Unit.FLOAT32) {
        any(f.name(), (float) f.of(owner));
      } else {
        number(f.name(), f.of(owner));
      }
    }
    return this;
  }

  CompactJson bool(String name, boolean value) throws IOException {
    out.writeBooleanField(name, value);
    return this;
  }

  CompactJson nothing(String name) throws IOException {
    out.writeNullField(name);
    return this;
  }

  CompactJson object(String name, Content content) throws IOException {
    out.writeFieldName(name);
    return object(this, content);
  }

  /** An object as an item of an array. */
  CompactJson item(Content content) throws IOException {
    return object(this, content);
  }

  private static CompactJson object(CompactJson json, Content content) throws IOException {
    json.out.writeStartObject();
    content.writeTo(json);
    json.out.writeEndObject();
    return json;
  }

  CompactJson array(String name, Content content) throws IOException {
    out.writeFieldName(name);
    return array(content);
  }

  /** An array as an item of another. */
  CompactJson array(Content content) throws IOException {
    out.writeStartArray();
    content.writeTo(this);
    out.writeEndArray();
    return this;
  }

  CompactJson text(String value) throws IOException {
    out.writeString(value);
    return this;
  }

  CompactJson count(long value) throws IOException {
    out.writeNumber(value);
    return this;
  }

  CompactJson nothing() throws IOException {
    out.writeNull();
    return this;
  }

  /** Anything a manifest may hold, as it is. */
  CompactJson any(String name, Object value) throws IOException {
    out.writeFieldName(name);
    return any(value);
  }

  private CompactJson any(Object value) throws IOException {
    switch (value) {
      case null -> out.writeNull();
      case Boolean b -> out.writeBoolean(b);
      case Integer i -> out.writeNumber(i);
      case Long l -> out.writeNumber(l);
      case Number n -> out.writeNumber(new BigDecimal(n.toString()));
      case Iterable<?> items -> {
        out.writeStartArray();
        for (Object item : items) {
          any(item);
        }
        out.writeEndArray();
      }
      case java.util.Map<?, ?> entries -> {
        out.writeStartObject();
        for (java.util.Map.Entry<?, ?> e : entries.entrySet()) {
          any(e.getKey().toString(), e.getValue());
        }
        out.writeEndObject();
      }
      default -> out.writeString(value.toString());
    }
    return this;
  }

  CompactJson number(double value) throws IOException {
    if (Double.isNaN(value)) {
      out.writeNull();
    } else if (Double.isInfinite(value)) {
      out.writeString(value > 0 ? "Infinity" : "-Infinity");
    } else {
      double rounded = new BigDecimal(value).round(DIGITS).doubleValue();
      if (rounded == Math.rint(rounded) && Math.abs(rounded) < EXACT_INTEGERS) {
        out.writeNumber((long) rounded);
      } else {
        out.writeNumber(rounded);
      }
    }
    return this;
  }
}
