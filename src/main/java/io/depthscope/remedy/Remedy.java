package io.depthscope.remedy;

import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;

/** One way to make a network quantize better. */
public sealed interface Remedy permits Rewrite, Choice, Fit {

  /** The word a user selects it by. */
  String name();

  /** What a sentence calls it: a noun in the field's words. */
  String words();

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

  /**
   * The SQNR in dB that it is expected to leave, from what is known before any network is run.
   *
   * @param corrected whether biases will be corrected behind it
   */
  double foresee(Mending before, boolean corrected);

  /**
   * The remedy of a name.
   *
   * @throws IllegalArgumentException for an unknown one, naming the others
   */
  static Remedy named(String name) {
    for (Remedy r : all()) {
      if (r.name().equals(name)) {
        return r;
      }
    }
    throw new IllegalArgumentException(
        "'"
            + name
            + "' is no remedy; there are "
            + all().stream().map(Remedy::name).collect(Collectors.joining(", ")));
  }

  /** What a sentence calls the remedy of a name; the name itself if it is unknown here. */
  static String words(String name) {
    if (name.equals(MixedPrecision.NAME)) { // it needs a budget to be made
      return MixedPrecision.WORDS;
    }
    return all().stream()
        .filter(r -> r.name().equals(name))
        .map(Remedy::words)
        .findFirst()
        .orElse(name);
  }

  /** Those that need nothing but calibration images, in the order of their stages. */
  static List<Remedy> all() {
    return List.of(
        new DeadChannelRepair(),
        new Equalization(),
        new BiasAbsorption(),
        new ChannelSplitting(ChannelSplitting.USUAL_SHARE),
        new PerChannelWeights(),
        new RangeSearch(),
        new Rounding(Rounding.Method.SECOND_ORDER),
        new Rounding(Rounding.Method.ADAROUND),
        new BiasCorrection(false),
        new BiasCorrection(true));
  }
}
