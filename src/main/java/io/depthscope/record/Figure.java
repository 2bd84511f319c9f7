package io.depthscope.record;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * A number of a run with the one name that it has in every file, table and page.
 *
 * @param name as docs/results-schema.md has it
 * @param getter takes it from what it belongs to
 */
public record Figure<T>(String name, Unit unit, ToDoubleFunction<T> getter) {

  /** What a figure counts or measures, and so how it is written. */
  public enum Unit {
    /** A whole number. */
    COUNT(""),
    /** A fraction from 0 to 1. */
    SHARE(""),
    DECIBEL("dB"),
    OCTAVE("octaves"),
    /** A float32 number, written in its own digits. */
    FLOAT32(""),
    /** A number in the unit of the values, or a ratio. */
    NUMBER("");

    private final String text;

    Unit(String text) {
      this.text = text;
    }

    /** As it stands behind a number; empty for none. */
    @Override
    public String toString() {
      return text;
    }
  }

  public static <T> Figure<T> count(String name, ToDoubleFunction<T> getter) {
    return new Figure<>(name, Unit.COUNT, getter);
  }

  public static <T> Figure<T> number(String name, ToDoubleFunction<T> getter) {
    return new Figure<>(name, Unit.NUMBER, getter);
  }

  public static <T> Figure<T> share(String name, ToDoubleFunction<T> getter) {
    return new Figure<>(name, Unit.SHARE, getter);
  }

  public static <T> Figure<T> decibel(String name, ToDoubleFunction<T> getter) {
    return new Figure<>(name, Unit.DECIBEL, getter);
  }

  /** The figure's value. */
  public double of(T owner) {
    return getter.applyAsDouble(owner);
  }

  /** The same figure of what holds its owner. */
  public <S> Figure<S> in(Function<S, T> owner) {
    return new Figure<>(name, unit, s -> of(owner.apply(s)));
  }

  /** The value as text: a count without a point, a float32 number in its own digits. */
  public String text(T owner) {
    double value = of(owner);
    return switch (unit) {
      case COUNT -> Long.toString((long) value);
      case FLOAT32 -> Float.toString((float) value);
      default -> Double.toString(value);
    };
  }

  /** Writes it as a field. */
  public void write(JsonGenerator g, T owner) throws IOException {
    double value = of(owner);
    switch (unit) {
      case COUNT -> g.writeNumberField(name, (long) value);
      case FLOAT32 -> g.writeNumberField(name, (float) value);
      default -> g.writeNumberField(name, value);
    }
  }
}
