package io.depthscope.run;

import io.depthscope.record.Judgement;
import io.depthscope.record.MendAccount;
import io.depthscope.remedy.BiasCorrection;
import io.depthscope.remedy.CalibrationImages;
import io.depthscope.remedy.DeadChannelRepair;
import io.depthscope.remedy.Equalization;
import io.depthscope.remedy.Fit;
import io.depthscope.remedy.Mending;
import io.depthscope.remedy.MixedPrecision;
import io.depthscope.remedy.RangeSearch;
import io.depthscope.remedy.Remedy;
import io.depthscope.remedy.Rounding;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Tries remedies one after the other, the one with the largest predicted gain first, and keeps
 * those that help. What helps is decided by the SQNR on the calibration images, with biases
 * corrected behind it; the images that the result is judged on decide nothing but when it is good
 * enough.
 */
final class MendLadder {
  /** A gain in dB that is worth a remedy. */
  static final double WORTH = 0.1;

  /** Up to as many bits of weights, rounding is worth learning. */
  private static final int FEW_BITS = 6;

  private final Mending original;
  private final CalibrationImages images;
  private final Judge calibrated;
  private final Judge judge;
  private final List<Remedy> allowed;
  private final Keeper keeper;
  private final RunListener listener;
  private final Map<List<String>, Mending> built = new HashMap<>();
  private final Map<List<String>, List<String>> accounts = new HashMap<>();

  /** Keeps what was tried, so that an interrupted mending goes on where it stopped. */
  interface Keeper {
    /** Steps of an earlier part, in order. */
    List<MendAccount.Step> done();

    /**
     * Keeps a step.
     *
     * @param recipe names of the remedies that make the network
     * @param made the network, whether it is kept or not
     */
    void tried(MendAccount.Step step, List<String> recipe, Mending made) throws IOException;

    /**
     * The network that an earlier part kept, if these remedies make it and it is still there.
     *
     * @param before the network without the last of them, which is a {@link Fit}
     */
    Optional<Mending> fitted(List<String> recipe, Mending before) throws IOException;

    /** Keeps nothing. */
    Keeper NONE =
        new Keeper() {
          @Override
          public List<MendAccount.Step> done() {
            return List.of();
          }

          @Override
          public void tried(MendAccount.Step step, List<String> recipe, Mending made) {}

          @Override
          public Optional<Mending> fitted(List<String> recipe, Mending before) {
            return Optional.empty();
          }
        };
  }

  /**
   * What came of it.
   *
   * @param before the network as it was
   * @param remedies names of those that make the mended network, in their order
   * @param mended the network as it is now
   */
  record Result(
      Judgement before,
      List<MendAccount.Step> steps,
      List<String> remedies,
      Mending mended,
      Judgement after) {}

  /** What a remedy is expected to leave; nothing was tried. */
  record Foreseen(Remedy remedy, double sqnrDb) {}

  /**
   * @param allowed remedies to try beside those that suit any device
   */
  MendLadder(
      Mending original,
      CalibrationImages images,
      Judge calibrated,
      Judge judge,
      List<Remedy> allowed,
      Keeper keeper,
      RunListener listener) {
    this.allowed = allowed;
    this.original = original;
    this.images = images;
    this.calibrated = calibrated;
    this.judge = judge;
    this.keeper = keeper;
    this.listener = listener;
  }

  /** The remedies that suit a scheme, none of which asks for another device, and the allowed. */
  private List<Remedy> suitable() {
    List<Remedy> all =
        new ArrayList<>(
            List.of(
                new DeadChannelRepair(),
                new Equalization(),
                new RangeSearch(),
                new BiasCorrection(false)));
    if (original.scheme().weights().filter(w -> w.bits() <= FEW_BITS).isPresent()) {
      all.add(new Rounding(Rounding.Method.SECOND_ORDER));
    }
    all.addAll(allowed);
    return all;
  }

  /** What each suitable remedy is expected to leave by itself, the best first. */
  List<Foreseen> plan() throws IOException {
    return foreseen(List.of(), suitable());
  }

  private List<Foreseen> foreseen(List<Remedy> recipe, List<Remedy> candidates) throws IOException {
    List<Foreseen> all = new ArrayList<>();
    Mending rewritten = rewritten(recipe);
    boolean corrected = recipe.stream().anyMatch(k -> k.stage() == Remedy.Stage.BIAS);
    for (Remedy r : candidates) {
      all.add(new Foreseen(r, r.foresee(rewritten, corrected)));
    }
    all.sort(Comparator.comparingDouble(f -> -f.sqnrDb()));
    return all;
  }

  /** The network behind what changes it and its formats, before anything is fitted to it. */
  private Mending rewritten(List<Remedy> recipe) throws IOException {
    return build(
        recipe.stream().filter(r -> r.stage().compareTo(Remedy.Stage.ROUNDING) < 0).toList());
  }

  /**
   * Finds its own way.
   *
   * @param target accuracy that may be lost, as a share of the original's
   */
  Result search(double target) throws IOException {
    Judgement before = judge.of(original);
    Judgement now = before;
    List<MendAccount.Step> steps = new ArrayList<>();
    List<Remedy> recipe = new ArrayList<>();
    double best = calibrated.of(original).sqnrDb();
    List<Remedy> left = new ArrayList<>(suitable());
    while (!left.isEmpty() && (needed(left) || !reached(now, before, target))) {
      boolean needed = needed(left);
      Optional<MendAccount.Step> done = done(steps.size());
      Foreseen next =
          done.isPresent()
              ? foreseen(done.get(), left)
              : foreseen(recipe, needed ? left.stream().filter(this::isNeeded).toList() : left)
                  .getFirst();
      left.remove(next.remedy());
      List<Remedy> longer = with(recipe, next.remedy());
      double least = needed ? Double.NEGATIVE_INFINITY : best + WORTH;
      MendAccount.Step step = done.isPresent() ? done.get() : attempt(longer, next, least);
      steps.add(step);
      if (step.kept()) {
        if (next.remedy().stage() == Remedy.Stage.ROUNDING) {
          left.removeIf(r -> r.stage() == Remedy.Stage.BIAS); // it has done that
        }
        recipe = longer;
        best = step.calibratedDb();
        now = step.measured();
      }
    }
    return new Result(before, steps, names(recipe), build(recipe), now);
  }

  private boolean needed(List<Remedy> left) {
    return left.stream().anyMatch(this::isNeeded);
  }

  /** What the user's budget demands comes first, and is kept whatever it costs. */
  private boolean isNeeded(Remedy remedy) {
    return remedy instanceof MixedPrecision m && m.isNeeded(original.scheme());
  }

  /** Goes a given way, and keeps every step. */
  Result follow(List<Remedy> remedies) throws IOException {
    Judgement before = judge.of(original);
    Judgement now = before;
    List<MendAccount.Step> steps = new ArrayList<>();
    List<Remedy> recipe = new ArrayList<>();
    for (Remedy r : remedies) {
      Optional<MendAccount.Step> done = done(steps.size());
      List<Remedy> longer = new ArrayList<>(recipe);
      longer.add(r);
      MendAccount.Step step =
          done.isPresent()
              ? done.get()
              : attempt(
                  longer,
                  new Foreseen(r, r.foresee(build(recipe), false)),
                  Double.NEGATIVE_INFINITY);
      steps.add(step);
      recipe = longer;
      now = step.measured();
    }
    return new Result(before, steps, names(recipe), build(recipe), now);
  }

  private Optional<MendAccount.Step> done(int step) {
    List<MendAccount.Step> earlier = keeper.done();
    return step < earlier.size() ? Optional.of(earlier.get(step)) : Optional.empty();
  }

  private static Foreseen foreseen(MendAccount.Step done, List<Remedy> left) {
    for (Remedy r : left) {
      if (r.name().equals(done.remedy())) {
        return new Foreseen(r, done.foreseenDb());
      }
    }
    throw new IllegalStateException(done.remedy() + " was tried, and is not to be tried here");
  }

  /** Builds and measures a network, and keeps it if its SQNR is not below the least given. */
  private MendAccount.Step attempt(List<Remedy> recipe, Foreseen added, double least)
      throws IOException {
    long start = System.nanoTime();
    Mending made = build(recipe);
    double db = calibrated.of(made).sqnrDb();
    Judgement measured = judge.of(made);
    MendAccount.Step step =
        new MendAccount.Step(
            added.remedy().name(),
            added.sqnrDb(),
            db,
            measured,
            !(db < least),
            (System.nanoTime() - start) / 1e9,
            accounts.getOrDefault(namesUpTo(recipe, added.remedy()), List.of()));
    keeper.tried(step, names(recipe), made);
    tell(step);
    return step;
  }

  private void tell(MendAccount.Step step) {
    listener.step(
        String.format(
            Locale.ROOT,
            "%s: %.1f dB, %s",
            step.remedy(),
            step.measured().sqnrDb(),
            step.kept() ? "kept" : "dropped"));
  }

  private static boolean reached(Judgement now, Judgement before, double target) {
    double lost =
        Double.isNaN(now.accuracy()) ? 1 - now.sameClass() : now.lost(before.fp32Accuracy());
    return lost <= target; // never where there are no classes
  }

  /** In the order of the stages; learned rounding corrects biases itself. */
  private static List<Remedy> with(List<Remedy> recipe, Remedy next) {
    List<Remedy> longer = new ArrayList<>(recipe);
    longer.add(next);
    if (longer.stream().anyMatch(r -> r.stage() == Remedy.Stage.ROUNDING)) {
      longer.removeIf(r -> r.stage() == Remedy.Stage.BIAS);
    }
    longer.sort(Comparator.comparing(Remedy::stage));
    return longer;
  }

  private static List<String> names(List<Remedy> recipe) {
    return recipe.stream().map(Remedy::name).toList();
  }

  private static List<String> namesUpTo(List<Remedy> recipe, Remedy last) {
    return names(recipe.subList(0, recipe.indexOf(last) + 1));
  }

  /** The network behind some remedies; what was built before is not built again. */
  private Mending build(List<Remedy> recipe) throws IOException {
    Mending made = original;
    for (int n = 1; n <= recipe.size(); n++) {
      List<String> names = names(recipe.subList(0, n));
      Mending known = built.get(names);
      if (known == null) {
        Remedy last = recipe.get(n - 1);
        known = last instanceof Fit ? keeper.fitted(names, made).orElse(null) : null;
        if (known == null) {
          Remedy.Mended mended = last.apply(made, images);
          known = mended.mending();
          accounts.put(names, mended.account());
        }
        built.put(names, known);
      }
      made = known;
    }
    return made;
  }
}
