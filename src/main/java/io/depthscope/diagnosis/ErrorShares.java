package io.depthscope.diagnosis;

import io.depthscope.plan.Feed;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.Range;
import io.depthscope.record.Run;
import io.depthscope.record.RunLayer;
import io.depthscope.stats.BitHistogram;
import io.depthscope.stats.ErrorTerm;
import io.depthscope.stats.SourceEnergies;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Where the error that reaches the network's output comes from. Of a layer's error each source has
 * the share that its energy has of the four (docs/numerics.md). What is inherited is divided among
 * the layers that are read, by the energies of their errors, and so on up to the input: the shares
 * of all layers add up to 1. Of several outputs it is the one with the lowest SQNR.
 */
public final class ErrorShares {
  /** Less than one part in a hundred of an error decides nothing. */
  static final double VISIBLE = 0.01;

  /** As many as are worth a mark in a table. */
  private static final int MARKED = 3;

  /** What a layer adds by itself, as shares of one error. */
  public record Own(double weights, double clipping, double rounding) {
    static final Own NONE = new Own(0, 0, 0);

    /** All of it. */
    public double all() {
      return weights + clipping + rounding;
    }

    private Own times(double factor) {
      return new Own(factor * weights, factor * clipping, factor * rounding);
    }
  }

  private final Run run;
  private final int output;
  private final List<Own> local = new ArrayList<>();
  private final List<Own> ofOutput;

  private ErrorShares(Run run) {
    this.run = run;
    run.layers().forEach(l -> local.add(local(l)));
    output =
        run.outputs().stream()
            .min(Comparator.comparingDouble(Run.Output::sqnrDb))
            .flatMap(o -> run.find(o.layer()))
            .map(l -> l.identity().index())
            .orElse(run.layers().size() - 1);
    ofOutput = at(output);
  }

  /** Draws them from a run. */
  public static ErrorShares of(Run run) {
    return new ErrorShares(run);
  }

  /** A layer's own shares of the error of the output. */
  public Own of(RunLayer layer) {
    return ofOutput.get(layer.identity().index());
  }

  /** SQNR in dB of the output that is spoken of. */
  public double outputSqnrDb() {
    return run.layers().get(output).error().sqnrDb();
  }

  /** Layers that add something, the largest share first; equals from the input on. */
  public List<RunLayer> largest() {
    return run.layers().stream()
        .filter(l -> of(l).all() > 0)
        .sorted(Comparator.comparingDouble((RunLayer l) -> -of(l).all()))
        .toList();
  }

  /** The layers that tables, findings and pages mark: the three that add most, if it is visible. */
  public List<RunLayer> marked() {
    return largest().stream().filter(l -> of(l).all() >= VISIBLE).limit(MARKED).toList();
  }

  /** The own shares of all layers of the error at one of them. */
  List<Own> at(int target) {
    return run.feed() == Feed.LOCAL ? eachBySelf() : handedOn(target);
  }

  /** Where nothing is handed on, the error that each adds to its own signal is all there is. */
  private List<Own> eachBySelf() {
    double all = run.layers().stream().mapToDouble(ErrorShares::nsr).sum();
    return IntStream.range(0, local.size())
        .mapToObj(i -> all > 0 ? ofSelf(i).times(nsr(run.layers().get(i)) / all) : Own.NONE)
        .toList();
  }

  private Own ofSelf(int layer) {
    Own own = local.get(layer);
    return own.all() > 0 ? own.times(1 / own.all()) : own;
  }

  private static double nsr(RunLayer layer) {
    double nsr = layer.error().nsr();
    return Double.isFinite(nsr) ? nsr : 0;
  }

  private List<Own> handedOn(int target) {
    Map<String, Integer> places = new HashMap<>();
    run.layers().forEach(l -> places.put(l.name(), l.identity().index()));
    double[] weight = new double[run.layers().size()];
    weight[target] = 1;
    Own[] shares = new Own[weight.length];
    for (int i = weight.length - 1; i >= 0; i--) {
      RunLayer layer = run.layers().get(i);
      shares[i] = local.get(i).times(weight[i]);
      double inherited = weight[i] - shares[i].all();
      int[] read = layer.inputs().stream().mapToInt(places::get).toArray();
      double[] errors = new double[read.length];
      double all = 0;
      for (int k = 0; k < read.length; k++) {
        errors[k] = errorOf(run.layers().get(read[k]), layer);
        all += errors[k];
      }
      for (int k = 0; k < read.length && all > 0; k++) {
        weight[read[k]] += inherited * errors[k] / all;
      }
    }
    return List.of(shares);
  }

  /** By which what two layers hand on is divided; a product hands on relative errors. */
  private static double errorOf(RunLayer read, RunLayer reader) {
    double e =
        reader.kind().equals("multiply")
            ? read.error().nsr()
            : read.error().mse() * read.fp32().statistics().count();
    return e > 0 && Double.isFinite(e) ? e : 0;
  }

  /** What a layer adds to its own error. */
  private Own local(RunLayer layer) {
    Optional<SourceEnergies> recorded = layer.error().energies();
    if (recorded.isPresent()) {
      SourceEnergies e = recorded.get();
      double all = 0;
      for (ErrorTerm t : ErrorTerm.values()) {
        all += e.of(t);
      }
      if (all > 0 && Double.isFinite(all)) {
        return new Own(
            e.of(ErrorTerm.WEIGHTS) / all,
            e.of(ErrorTerm.CLIPPING) / all,
            e.of(ErrorTerm.ROUNDING) / all);
      }
      return Own.NONE;
    }
    return estimated(layer);
  }

  /**
   * Where the sources were not recorded: what the gain does not explain is the layer's own; of it
   * clipping is counted from the histogram, rounding is step^2 / 12 a value, and the weights have
   * the rest.
   */
  private Own estimated(RunLayer layer) {
    double total = layer.error().mse() * layer.fp32().statistics().count();
    boolean weights = layer.weights().flatMap(RunLayer.Weights::codes).isPresent();
    if (!(total > 0) || !Double.isFinite(total) || !(weights || layer.params().isPresent())) {
      return Own.NONE;
    }
    double gain = layer.step().gain();
    boolean first = Double.isNaN(gain) || run.feed() == Feed.LOCAL;
    double own = first ? 1 : 1 - Math.min(1, 1 / gain);
    double clipping = Math.min(own, clippedEnergy(layer) / total);
    double step = layer.params().map(QuantParams::scale).orElse(0f);
    double rounding =
        Math.min(own - clipping, step * step / 12 * layer.fp32().statistics().count() / total);
    double rest = own - clipping - rounding;
    return weights ? new Own(rest, clipping, rounding) : new Own(0, clipping, rounding + rest);
  }

  /** The energy of what a layer's range cuts off of its fp32 values, by their histogram. */
  static double clippedEnergy(RunLayer layer) {
    if (layer.params().isEmpty()) {
      return 0;
    }
    Range range = layer.params().get().representable();
    BitHistogram h = layer.histogram();
    double energy = 0;
    for (int bin : h.occupied()) {
      double value = BitHistogram.representative(bin);
      double beyond = Math.max(value - range.max(), range.min() - value);
      energy += beyond > 0 && Double.isFinite(beyond) ? h.counts()[bin] * beyond * beyond : 0;
    }
    return energy;
  }
}
