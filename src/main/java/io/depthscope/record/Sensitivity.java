package io.depthscope.record;

import io.depthscope.quant.QuantScheme;
import io.depthscope.stats.Interval;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What each layer of a network adds to the damage that quantization does: quantized alone, and left
 * out of it.
 *
 * @param scheme that the run recorded; empty where whoever asked has none
 * @param calibrationImages images that ranges were taken from
 * @param images that were asked for
 * @param confidence of all intervals
 * @param fp32 the network in float32
 * @param quantized all of it quantized
 * @param layers those of which something is quantized, in the network's order
 */
public record Sensitivity(
    String model,
    Optional<QuantScheme> scheme,
    long calibrationImages,
    long images,
    double confidence,
    Whole fp32,
    Whole quantized,
    List<Layer> layers,
    Cost cost) {

  public Sensitivity {
    layers = List.copyOf(layers);
  }

  /** Which layers of a run are quantized. */
  public enum Direction {
    /** This one. */
    ALONE("alone"),
    /** All but this one. */
    ALL_BUT("allBut");

    private final String word;

    Direction(String word) {
      this.word = word;
    }

    /** Its name in files. */
    public String word() {
      return word;
    }
  }

  /** A figure and where it lies at the confidence asked for. */
  public record Estimate(double value, Interval interval) {}

  /**
   * A whole network that runs are compared with.
   *
   * @param images that it was run on
   * @param top1 share of right ones; empty where nobody knows what they show
   * @param agreement share to which it gives the class of float32; empty without classes
   */
  public record Whole(
      long images, Optional<Double> top1, Optional<Double> agreement, double sqnrDb) {}

  /**
   * What one layer does.
   *
   * @param op the word for it in tables
   * @param weightBits of its weights; 0 where they stay in float32
   * @param outputBits of its output, likewise
   */
  public record Layer(
      String name, String op, int weightBits, int outputBits, Effect alone, Effect allBut) {

    /** In a direction. */
    public Effect in(Direction direction) {
      return direction == Direction.ALONE ? alone : allBut;
    }
  }

  /**
   * One run.
   *
   * @param place among the layers, 1 for the most sensitive
   * @param firstPlace the best place that its images leave open
   * @param lastPlace the worst
   * @param images that it was run on, from the first on
   * @param top1 share of right ones; empty where nobody knows what they show
   * @param top1Change against float32 for a layer alone, else against all quantized
   * @param agreement share to which it gives the class of float32; empty without classes
   * @param gainDb SQNR above that of all quantized; empty for a layer alone
   */
  public record Effect(
      int place,
      int firstPlace,
      int lastPlace,
      long images,
      Optional<Double> top1,
      Optional<Estimate> top1Change,
      Optional<Estimate> agreement,
      Estimate sqnrDb,
      Optional<Estimate> gainDb) {}

  /**
   * What it took, in multiply-accumulates as evaluations of the whole network, one stream, on all
   * images asked for.
   *
   * @param passes all runs and what they share
   * @param bruteForcePasses every run by itself on all images, and both whole networks
   */
  public record Cost(double passes, double bruteForcePasses) {}

  /** The layers, most sensitive first. */
  public List<Layer> ranking(Direction direction) {
    return layers.stream()
        .sorted(Comparator.comparingInt((Layer l) -> l.in(direction).place()))
        .toList();
  }
}
