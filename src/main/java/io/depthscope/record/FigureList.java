package io.depthscope.record;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.ObjDoubleConsumer;

/**
 * The figures of a value, in the order in which files have them, and how the value is made from
 * them.
 *
 * @param reader takes the figures one by one in the order of the list
 */
public record FigureList<T>(List<Figure<T>> figures, Reader<T> reader) {

  /** Makes a value. */
  public interface Reader<T> {
    T read(Values values) throws IOException;
  }

  /** Where figures are read from by name: an object of a JSON file, or a row of a table. */
  interface Source {
    double number(String name) throws IOException;

    long count(String name) throws IOException;

    int integer(String name) throws IOException;

    /** True where a figure that not every owner has is missing. */
    default boolean isNull(String name) throws IOException {
      return false;
    }
  }

  /** The values of a list's figures, one after another. */
  public static final class Values {
    private final Source source;
    private final Iterator<String> names;

    private Values(Source source, Iterator<String> names) {
      this.source = source;
      this.names = names;
    }

    double number() throws IOException {
      return source.number(names.next());
    }

    /** A number that not every owner has. */
    OptionalDouble optional() throws IOException {
      String name = names.next();
      return source.isNull(name) ? OptionalDouble.empty() : OptionalDouble.of(source.number(name));
    }

    long count() throws IOException {
      return source.count(names.next());
    }

    int integer() throws IOException {
      return source.integer(names.next());
    }
  }

  public FigureList {
    figures = List.copyOf(figures);
  }

  @SafeVarargs
  static <T> FigureList<T> of(Reader<T> reader, Figure<T>... figures) {
    return new FigureList<>(List.of(figures), reader);
  }

  /** Figures of one list, then those of the next. */
  @SafeVarargs
  static <T> List<Figure<T>> joined(List<Figure<T>>... lists) {
    List<Figure<T>> all = new ArrayList<>();
    for (List<Figure<T>> l : lists) {
      all.addAll(l);
    }
    return all;
  }

  /**
   * The figure of this name.
   *
   * @throws NoSuchElementException if there is none
   */
  public Figure<T> figure(String name) {
    return figures.stream()
        .filter(f -> f.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new NoSuchElementException("no figure " + name));
  }

  /** The same figures of what holds their owner. */
  public <S> List<Figure<S>> in(Function<S, T> owner) {
    return figures.stream().map(f -> f.in(owner)).toList();
  }

  /** Writes each as a field. */
  public void write(JsonGenerator g, T owner) throws IOException {
    for (Figure<T> f : figures) {
      f.write(g, owner);
    }
  }

  /**
   * Reads a value.
   *
   * @throws IOException if a figure is missing or is none
   */
  T read(Source source) throws IOException {
    Iterator<String> names = figures.stream().map(Figure::name).iterator();
    T value = reader.read(new Values(source, names));
    if (names.hasNext()) {
      throw new IllegalStateException(names.next() + " was not read");
    }
    return value;
  }

  /** Hands out each that there is with its place, such as {@code error.} and its name. */
  void each(String place, T owner, ObjDoubleConsumer<String> to) {
    for (Figure<T> f : figures) {
      if (f.exists().test(owner)) {
        to.accept(place + f.name(), f.of(owner));
      }
    }
  }
}
