package io.depthscope.diagnosis;

import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * What a statement rests on, by name, in the order in which it is written.
 *
 * @param items of different names
 */
public record Evidence(List<Item> items) {

  /** One fact. */
  public sealed interface Item {
    String name();
  }

  /** A number. */
  public record Measured(String name, double value) implements Item {}

  /** Something that is so or is not. */
  public record Fact(String name, boolean holds) implements Item {}

  /** None so far. */
  public static final Evidence NONE = new Evidence(List.of());

  public Evidence {
    items = List.copyOf(items);
  }

  /** This and a number. */
  Evidence number(String name, double value) {
    return with(new Measured(name, value));
  }

  /** This and something that is so or is not. */
  Evidence fact(String name, boolean holds) {
    return with(new Fact(name, holds));
  }

  private Evidence with(Item item) {
    List<Item> all = new ArrayList<>(items);
    all.add(item);
    return new Evidence(all);
  }

  /**
   * The number of this name.
   *
   * @throws NoSuchElementException if there is none
   */
  public double number(String name) {
    for (Item i : items) {
      if (i instanceof Measured m && m.name().equals(name)) {
        return m.value();
      }
    }
    throw new NoSuchElementException("no number " + name + " in " + items);
  }

  /** True if this is evidence and is so. */
  public boolean holds(String name) {
    return items.contains(new Fact(name, true));
  }
}
