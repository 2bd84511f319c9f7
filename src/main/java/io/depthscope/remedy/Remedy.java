package io.depthscope.remedy;

import java.io.IOException;
import java.util.List;

/** One way to make a network quantize better. */
public sealed interface Remedy permits Rewrite, Choice, Fit {

  /** The word a user selects it by. */
  String name();

  /** What it does, in a line. */
  String summary();

  /** When it takes its turn: a later one would be undone by an earlier one. */
  Stage stage();

  /** The order in which remedies can follow each other. */
  enum Stage {
    /** The network is rewritten; it computes the same. */
    NETWORK,
    /** How many bits there are, and for what. */
    FORMAT,
    /** The ranges that codes stand for. */
    RANGES,
    /** To what codes weights are rounded. */
    ROUNDING,
    /** What is added to sums. */
    BIAS
  }

  /**
   * What came of it.
   *
   * @param account what changed and why, a line each; empty if there was nothing to do
   */
  record Mended(Mending mending, List<String> account) {
    public Mended {
      account = List.copyOf(account);
    }

    static Mended nothing(Mending as) {
      return new Mended(as, List.of());
    }
  }

  /**
   * Does it.
   *
   * @throws IOException if the network cannot be run on the images, or the user stops
   */
  Mended apply(Mending before, CalibrationImages images) throws IOException;

  /** What it is expected to leave, from what is known before any network is run. */
  NoiseModel.Foreseen foresee(Mending before);
}
