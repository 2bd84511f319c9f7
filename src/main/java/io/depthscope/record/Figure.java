package io.depthscope.record;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

/**
 * A number of a run with the one name that it has in every file, table and page.
 *
 * @param name as docs/results-schema.md has it
 * @param getter takes it from what it belongs to
 * @param exists false where an owner has no such figure: files have null, tables an empty field
 */
public record Figure<T>(String name, Unit unit, ToDoubleFunction<T> getter, Predicate<T> exists) {

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

  /** One that every owner has. */
  public Figure(String name, Unit unit, ToDoubleFunction<T> getter) {
    this(name, unit, getter, owner -> true);
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

  /** The figure's value; NaN where the owner has none. */
  public double of(T owner) {
    return exists.test(owner) ? getter.applyAsDouble(owner) : Double.NaN;
  }

  /** The same figure of what holds its owner. */
  public <S> Figure<S> in(Function<S, T> owner) {
    return new Figure<>(name, unit, s -> of(owner.apply(s)), s -> exists.test(owner.apply(s)));
  }

  /** The same figure of what may hold its owner, or not. */
  public <S> Figure<S> ofSome(Function<S, Optional<T>> owner) {
    return new Figure<>(
        name,
        unit,
        s -> of(owner.apply(s).orElseThrow()),
        s -> owner.apply(s).filter(exists).isPresent());
  }

  /**
   * The value as text: a count without a point, a float32 number in its own digits; empty where
   * there is none.
   */
  public String text(T owner) {
    if (!exists.test(owner)) {
      return "";
    }
    double value = of(owner);
    return switch (unit) {
      case COUNT -> Long.toString((long) value);
      case FLOAT32 -> Float.toString((float) value);
      default -> Double.toString(value);
    };
  }

  /** Writes it as a field, null where there is none. */
  public void write(JsonGenerator g, T owner) throws IOException {
    if (!exists.test(owner)) {
      g.writeNullField(name);
      return;
    }
    double value = of(owner);
    switch (unit) {
      case COUNT -> g.writeNumberField(name, (long) value);
      case FLOAT32 -> g.writeNumberField(name, (float) value);
      default -> g.writeNumberField(name, value);
    }
  }
}
