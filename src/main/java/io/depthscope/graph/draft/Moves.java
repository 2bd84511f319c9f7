package io.depthscope.graph.draft;

import io.depthscope.graph.Op;
import io.depthscope.tensor.Shape;
import java.util.Arrays;
import java.util.Optional;

/** Rearrangements by the axes of what is rearranged: where the values of the output come from. */
public final class Moves {
  private static final float[] ZERO = {0};

  private Moves() {}

  /**
   * Places along each axis taken independently of the other two.
   *
   * @param rows for each row of the output the row of the input that it is, or negative for a
   *     constant; columns and channels likewise
   * @param fill the constant, one for the tensor or one a channel of the output
   * @throws IllegalArgumentException if there is no such place, or the output is too large
   */
  public static Op.Rearrange byAxis(
      Shape in, int[] rows, int[] columns, int[] channels, float[] fill, String word) {
    Shape out = new Shape(rows.length, columns.length, channels.length);
    int[] source = room(out);
    check(rows, in.height(), "row");
    check(columns, in.width(), "column");
    check(channels, in.channels(), "channel");
    int at = 0;
    for (int y : rows) {
      for (int x : columns) {
        for (int c : channels) {
          boolean none = y < 0 || x < 0 || c < 0;
          source[at++] = none ? -1 : (y * in.width() + x) * in.channels() + c;
        }
      }
    }
    return new Op.Rearrange(in, out, source, fill, word);
  }

  private static void check(int[] places, int extent, String what) {
    for (int place : places) {
      if (place >= extent) {
        throw new IllegalArgumentException("no " + what + " " + place + " of " + extent);
      }
    }
  }

  private static int[] room(Shape out) {
    if (out.size() > Op.Rearrange.MOST_VALUES) {
      throw new IllegalArgumentException("its output " + out + " is too large to be moved");
    }
    return new int[out.size()];
  }

  /** All places of an axis in their order. */
  public static int[] all(int extent) {
    return padded(extent, 0, 0);
  }

  /**
   * The places of an axis with constants before and after; a negative number of them cuts places
   * off.
   *
   * @throws IllegalArgumentException if nothing is left
   */
  public static int[] padded(int extent, int before, int after) {
    int n = Math.toIntExact((long) extent + before + after);
    if (n < 1 || n > Op.Rearrange.MOST_VALUES) {
      throw new IllegalArgumentException("padding makes an extent of " + n);
    }
    int[] places = new int[n];
    Arrays.setAll(places, i -> i - before < extent ? i - before : -1);
    return places;
  }

  /** The places of an axis with zeros in between, so that neighbours lie {@code stride} apart. */
  public static int[] spread(int extent, int stride) {
    int n = Math.addExact(Math.multiplyExact(extent - 1, stride), 1);
    if (n > Op.Rearrange.MOST_VALUES) {
      throw new IllegalArgumentException("spreading makes an extent of " + n);
    }
    int[] places = new int[n];
    Arrays.setAll(places, i -> i % stride == 0 ? i / stride : -1);
    return places;
  }

  /** Channels in another order, some left out, some repeated, some constant. */
  public static Op.Rearrange channels(Shape in, int[] source, float[] constant) {
    return byAxis(in, all(in.height()), all(in.width()), source, constant, word(in, source));
  }

  private static String word(Shape in, int[] source) {
    boolean[] seen = new boolean[in.channels()];
    boolean once = source.length == seen.length;
    for (int c : source) {
      if (c < 0) {
        return "pad";
      }
      once &= c >= seen.length || !seen[c];
      if (c < seen.length) {
        seen[c] = true;
      }
    }
    return once ? "channel-shuffle" : "slice";
  }

  /** Two moves as one; empty where the first puts constants among the values. */
  static Optional<Op.Rearrange> joined(Op.Rearrange first, Op.Rearrange second) {
    if (Arrays.stream(first.source()).anyMatch(i -> i < 0)) {
      return Optional.empty();
    }
    int[] source =
        Arrays.stream(second.source()).map(i -> i < 0 ? -1 : first.source()[i]).toArray();
    String word = first.word().equals(second.word()) ? first.word() : "rearrange";
    return Optional.of(
        new Op.Rearrange(first.input(), second.output(), source, second.fill(), word));
  }

  /** Rows and columns of one value around the input. */
  static Op.Rearrange pad(Shape in, DraftOp.Pad pad) {
    return byAxis(
        in,
        padded(in.height(), pad.padding().top(), pad.padding().bottom()),
        padded(in.width(), pad.padding().left(), pad.padding().right()),
        all(in.channels()),
        new float[] {pad.value()},
        "pad");
  }

  /**
   * A tensor that lies in one way, made to lie in another.
   *
   * @param from how it lies over the input
   * @param picked which of its values are taken, row-major; negative for a constant
   * @param out shape of the output
   * @param to how what is taken lies over the output
   */
  public static Op.Rearrange ordered(
      Shape in, View from, int[] picked, Shape out, View to, float fill, String word) {
    int[] source = room(out);
    int[] read = from.places(in);
    int[] written = to.places(out);
    for (int i = 0; i < source.length; i++) {
      source[written[i]] = picked[i] < 0 ? -1 : read[picked[i]];
    }
    return new Op.Rearrange(in, out, source, fill == 0 ? ZERO : new float[] {fill}, word);
  }
}
