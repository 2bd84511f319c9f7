package io.depthscope.run;

import io.depthscope.remedy.BiasCorrection;
import io.depthscope.remedy.CalibrationImages;
import io.depthscope.remedy.DeadChannelRepair;
import io.depthscope.remedy.Equalization;
import io.depthscope.remedy.Mending;
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
  private final Judgement.Judge calibrated;
  private final Judgement.Judge judge;
  private final RunListener listener;
  private final Map<List<String>, Mending> built = new HashMap<>();
  private final Map<List<String>, List<String>> accounts = new HashMap<>();

  /**
   * What came of it.
   *
   * @param before the network as it was
   * @param mended the network as it is now
   */
  record Result(Judgement before, List<MendAccount.Step> steps, Mending mended, Judgement after) {

    /** Names of the remedies that were kept, in the order of their stages. */
    List<String> remedies() {
      return steps.stream()
          .filter(MendAccount.Step::kept)
          .map(s -> Remedy.named(s.remedy()))
          .sorted(Comparator.comparing(Remedy::stage))
          .map(Remedy::name)
          .toList();
    }
  }

  /** What a remedy is expected to leave; nothing was tried. */
  record Foreseen(Remedy remedy, double sqnrDb) {}

  MendLadder(
      Mending original,
      CalibrationImages images,
      Judgement.Judge calibrated,
      Judgement.Judge judge,
      RunListener listener) {
    this.original = original;
    this.images = images;
    this.calibrated = calibrated;
    this.judge = judge;
    this.listener = listener;
  }

  /** The remedies that suit a scheme, none of which asks for another device. */
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
    return all;
  }

  /** What each suitable remedy is expected to leave by itself, the best first. */
  List<Foreseen> plan() {
    return foreseen(List.of(), suitable());
  }

  private List<Foreseen> foreseen(List<Remedy> recipe, List<Remedy> candidates) {
    List<Foreseen> all = new ArrayList<>();
    for (Remedy r : candidates) {
      boolean corrected = recipe.stream().anyMatch(k -> k.stage() == Remedy.Stage.BIAS);
      all.add(new Foreseen(r, r.foresee(rewritten(recipe), corrected)));
    }
    all.sort(Comparator.comparingDouble(f -> -f.sqnrDb()));
    return all;
  }

  /** The network behind what changes it and its formats, before anything is fitted to it. */
  private Mending rewritten(List<Remedy> recipe) {
    List<String> names =
        recipe.stream()
            .filter(r -> r.stage().compareTo(Remedy.Stage.ROUNDING) < 0)
            .map(Remedy::name)
            .toList();
    return built.getOrDefault(names, original);
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
    while (!left.isEmpty() && !reached(now, before, target)) {
      Foreseen next = foreseen(recipe, left).getFirst();
      left.remove(next.remedy());
      long start = System.nanoTime();
      List<Remedy> longer = with(recipe, next.remedy());
      Mending made = build(longer);
      double db = calibrated.of(made).sqnrDb();
      boolean kept = db >= best + WORTH;
      Judgement measured = judge.of(made);
      steps.add(
          new MendAccount.Step(
              next.remedy().name(),
              next.sqnrDb(),
              db,
              measured,
              kept,
              (System.nanoTime() - start) / 1e9,
              accounts.getOrDefault(namesUpTo(longer, next.remedy()), List.of())));
      if (kept) {
        if (next.remedy().stage() == Remedy.Stage.ROUNDING) {
          left.removeIf(r -> r.stage() == Remedy.Stage.BIAS); // it has done that
        }
        recipe = longer;
        best = db;
        now = measured;
      }
      tell(steps.getLast());
    }
    return new Result(before, steps, build(recipe), now);
  }

  /** Goes a given way, and keeps every step. */
  Result follow(List<Remedy> remedies) throws IOException {
    Judgement before = judge.of(original);
    Judgement now = before;
    List<MendAccount.Step> steps = new ArrayList<>();
    List<Remedy> recipe = new ArrayList<>();
    for (Remedy r : remedies) {
      double foreseen = r.foresee(built.getOrDefault(names(recipe), original), false);
      long start = System.nanoTime();
      recipe.add(r);
      Mending made = build(recipe);
      now = judge.of(made);
      steps.add(
          new MendAccount.Step(
              r.name(),
              foreseen,
              calibrated.of(made).sqnrDb(),
              now,
              true,
              (System.nanoTime() - start) / 1e9,
              accounts.getOrDefault(names(recipe), List.of())));
      tell(steps.getLast());
    }
    return new Result(before, steps, build(recipe), now);
  }

  private void tell(MendAccount.Step step) {
    listener.notice(
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
        Remedy.Mended mended = recipe.get(n - 1).apply(made, images);
        known = mended.mending();
        built.put(names, known);
        accounts.put(names, mended.account());
      }
      made = known;
    }
    return made;
  }
}
