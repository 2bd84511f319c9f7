package io.depthscope.run;

import io.depthscope.backend.InputBatch;
import io.depthscope.dataset.Batches;
import io.depthscope.dataset.ImageBatch;
import io.depthscope.dataset.UnreadableImage;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Step;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.record.Sensitivity;
import io.depthscope.record.Sensitivity.Direction;
import io.depthscope.record.Sensitivity.Effect;
import io.depthscope.record.Sensitivity.Estimate;
import io.depthscope.record.SensitivityState;
import io.depthscope.run.CutRuns.Run;
import io.depthscope.stats.Confidence;
import io.depthscope.stats.ErrorSums;
import io.depthscope.stats.ImageEnergies;
import io.depthscope.stats.PredictionSums;
import io.depthscope.stats.SqnrEstimate;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * How sensitive a network is to the quantization of each of its layers: of those with something
 * quantized, weights and output together; the network's input is one.
 */
public final class LayerSensitivity {
  private final Plan pair;
  private final CutRuns cuts;
  private final SensitivityAim aim;
  private final int images;
  private final PairedRun.Labels labels;
  private final double macs;
  private final int[] sizes;

  /** Opens the images of these indices in a data set. */
  public interface Images {
    Batches open(int from, int to, Consumer<UnreadableImage> skipped) throws IOException;
  }

  /** Keeps what is gathered so far; no batch is under way. */
  public interface Keeper {
    void keep(SensitivityState state) throws IOException;
  }

  /**
   * @param pair the plan of both streams, whole
   * @param images there are
   */
  public LayerSensitivity(
      Plan pair, Machine machine, SensitivityAim aim, int images, PairedRun.Labels labels) {
    this.pair = pair;
    this.cuts = new CutRuns(pair, machine.backend(), machine.batch());
    this.aim = aim;
    this.images = images;
    this.labels = labels;
    this.macs = pair.graph().macs();
    this.sizes = pair.outputs().stream().mapToInt(o -> pair.step(o).out().size()).toArray();
    if (cuts.layers().isEmpty()) {
      throw new IllegalArgumentException("nothing of the network is quantized");
    }
  }

  /** An empty state. */
  public SensitivityState newState() {
    return new SensitivityState(cuts.layers().size(), sizes.length, images);
  }

  /**
   * Runs until every layer has its place, or what may be spent is.
   *
   * @param state fresh, or of an earlier part
   * @return false if the listener stopped it; the state holds every batch that was completed
   * @throws IOException if an image cannot be read, or no image could be
   */
  public boolean run(SensitivityState state, Images source, Keeper keeper, RunListener listener)
      throws IOException {
    SensitivityRace race = race(state);
    while (!race.isFinished()) {
      if (!round(race, state, source, keeper, listener)) {
        return false;
      }
      state.next(race.bound());
      if (state.images() == 0) {
        throw new IOException("no image could be read");
      }
      race.advance(state);
    }
    return true;
  }

  /** The race as far as it has come. */
  private SensitivityRace race(SensitivityState state) {
    SensitivityRace race =
        new SensitivityRace(
            aim, cuts.layers().size(), images, r -> passes(cuts.macs(r)), cuts.wholes());
    while (!race.isFinished() && state.next() >= race.bound()) {
      race.advance(state);
    }
    return race;
  }

  private double passes(double some) {
    return macs == 0 ? 0 : some / macs;
  }

  private boolean round(
      SensitivityRace race,
      SensitivityState state,
      Images source,
      Keeper keeper,
      RunListener listener)
      throws IOException {
    List<Run> open = race.open();
    String what = "sensitivity, " + open.size() + " runs";
    try (RunListener.Progress progress = listener.begin(what, state.next(), race.bound());
        Batches batches = source.open(state.next(), race.bound(), state.skipped()::add)) {
      for (ImageBatch b = batches.next(); b != null; b = batches.next()) {
        int done = state.next();
        int count = b.count();
        CutRuns.Outputs outputs =
            cuts.run(
                InputBatch.of(b),
                open,
                runs -> {
                  progress.at(done + (long) count * runs / open.size());
                  return !listener.stop();
                });
        if (outputs == null) {
          return false;
        }
        take(b, open, outputs, state);
        state.next(b.datasetIndices()[count - 1] + 1);
        progress.at(state.next());
        keeper.keep(state);
      }
    }
    return true;
  }

  private void take(ImageBatch b, List<Run> open, CutRuns.Outputs outputs, SensitivityState state) {
    int all = pair.outputSize();
    float[] zero = new float[b.count() * all];
    for (int i = 0; i < b.count(); i++) {
      int at = i * all;
      state.image(b.datasetIndices()[i], labels.output(b.labels()[i]));
      add(state.signal(), zero, outputs.fp32(), at);
      add(state.quantized(), outputs.fp32(), outputs.quantized(), at);
      for (int r = 0; r < open.size(); r++) {
        Run run = open.get(r);
        add(state.run(run.direction(), run.layer()), outputs.fp32(), outputs.runs().get(r), at);
      }
    }
  }

  private void add(ImageEnergies to, float[] x, float[] xq, int from) {
    double[] energies = new double[sizes.length];
    int at = from;
    for (int o = 0; o < sizes.length; o++) {
      energies[o] = ErrorSums.energy(x, xq, at, sizes[o]);
      at += sizes[o];
    }
    to.add(
        energies, pair.graph().isClassifier() ? PredictionSums.predicted(xq, from, sizes[0]) : -1);
  }

  /** The plan of one layer's run as a whole network would run it. */
  public Plan plan(Direction direction, int layer) {
    return cuts.plan(new Run(direction, layer));
  }

  /** What a finished state says. */
  public Sensitivity result(SensitivityState state, Optional<QuantScheme> scheme, long calibrated) {
    SensitivityRace race = race(state);
    List<Sensitivity.Layer> layers = new ArrayList<>();
    for (int l = 0; l < state.layers(); l++) {
      Step step = pair.step(cuts.layers().get(l));
      layers.add(
          new Sensitivity.Layer(
              step.node().name(),
              step.word(),
              step.kernelParams().stream().mapToInt(QuantParams::bits).max().orElse(0),
              step.output().map(QuantParams::bits).orElse(0),
              effect(Direction.ALONE, l, race, state),
              effect(Direction.ALL_BUT, l, race, state)));
    }
    return new Sensitivity(
        pair.graph().name(),
        scheme,
        calibrated,
        images,
        aim.confidence().level(),
        whole(state, state.signal(), Double.POSITIVE_INFINITY),
        whole(
            state,
            state.quantized(),
            SqnrEstimate.of(state.signal(), state.quantized(), state.images()).db()),
        layers,
        cost(state));
  }

  private Sensitivity.Cost cost(SensitivityState state) {
    double spent = (double) cuts.wholes() * state.images();
    for (Direction d : Direction.values()) {
      for (int l = 0; l < state.layers(); l++) {
        spent += passes(cuts.macs(new Run(d, l))) * state.run(d, l).images();
      }
    }
    int alone = Direction.values().length * state.layers();
    return new Sensitivity.Cost(spent / images, alone + cuts.wholes());
  }

  private Sensitivity.Whole whole(SensitivityState state, ImageEnergies of, double sqnrDb) {
    int n = state.images();
    return new Sensitivity.Whole(
        n,
        share(labelled(state, n), hits(of, state, n)),
        pair.graph().isClassifier()
            ? Optional.of((double) agreeing(of, state, n) / n)
            : Optional.empty(),
        sqnrDb);
  }

  private static Optional<Double> share(boolean known, long hits, int n) {
    return known ? Optional.of((double) hits / n) : Optional.empty();
  }

  private Optional<Double> share(long labelled, long hits) {
    return share(labelled > 0, hits, (int) Math.max(1, labelled));
  }

  private long labelled(SensitivityState state, int n) {
    return pair.graph().isClassifier()
        ? IntStream.range(0, n).filter(i -> state.label(i) >= 0).count()
        : 0;
  }

  private static boolean isRight(ImageEnergies of, SensitivityState state, int image) {
    return state.label(image) >= 0 && of.predicted(image) == state.label(image);
  }

  private static long hits(ImageEnergies of, SensitivityState state, int n) {
    return IntStream.range(0, n).filter(i -> isRight(of, state, i)).count();
  }

  private static boolean agrees(ImageEnergies of, SensitivityState state, int image) {
    int own = of.predicted(image);
    return own >= 0 && own == state.signal().predicted(image);
  }

  private static long agreeing(ImageEnergies of, SensitivityState state, int n) {
    return IntStream.range(0, n).filter(i -> agrees(of, state, i)).count();
  }

  private Effect effect(Direction d, int layer, SensitivityRace race, SensitivityState state) {
    Confidence c = aim.confidence();
    ImageEnergies run = state.run(d, layer);
    int n = run.images();
    SqnrEstimate own = SqnrEstimate.of(state.signal(), run, n);
    SqnrEstimate full = SqnrEstimate.of(state.signal(), state.quantized(), n);
    int[] certain = race.certain(d, layer, state);
    long labelled = labelled(state, n);
    long agreeing = agreeing(run, state, n);
    return new Effect(
        race.ranking(d).indexOf(layer) + 1,
        certain[0] + 1,
        state.layers() - certain[1],
        n,
        share(labelled, hits(run, state, n)),
        labelled == 0
            ? Optional.empty()
            : Optional.of(
                change(
                    run, d == Direction.ALONE ? state.signal() : state.quantized(), state, n, c)),
        pair.graph().isClassifier()
            ? Optional.of(new Estimate((double) agreeing / n, c.share(agreeing, n)))
            : Optional.empty(),
        new Estimate(own.db(), own.interval(c)),
        d == Direction.ALONE
            ? Optional.empty()
            : Optional.of(new Estimate(own.above(full), own.above(full, c))));
  }

  /** Of top-1 against another network's on the same images. */
  private Estimate change(
      ImageEnergies run, ImageEnergies against, SensitivityState state, int n, Confidence c) {
    long gained = 0;
    long lost = 0;
    for (int i = 0; i < n; i++) {
      boolean now = isRight(run, state, i);
      boolean before = isRight(against, state, i);
      gained += now && !before ? 1 : 0;
      lost += before && !now ? 1 : 0;
    }
    long labelled = labelled(state, n);
    return new Estimate((double) (gained - lost) / labelled, c.change(gained, lost, labelled));
  }
}
