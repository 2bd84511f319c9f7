package io.depthscope.record;

import io.depthscope.record.Sensitivity.Cost;
import io.depthscope.record.Sensitivity.Effect;
import io.depthscope.record.Sensitivity.Estimate;
import io.depthscope.record.Sensitivity.Whole;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The figures of a {@link Sensitivity}, each named once. */
public final class SensitivityFigures {
  /** Of the whole networks. */
  static final List<Figure<Whole>> WHOLE =
      List.of(
          Figure.count("images", Whole::images),
          some(Figure.share("top1", v -> v), Whole::top1),
          some(Figure.share("agreementTop1", v -> v), Whole::agreement),
          Figure.decibel("sqnrDb", Whole::sqnrDb));

  /** Of a layer in one direction. */
  static final List<Figure<Effect>> EFFECT = effect();

  /** Of the work. */
  static final List<Figure<Cost>> COST =
      List.of(
          Figure.number("passes", Cost::passes),
          Figure.number("bruteForcePasses", Cost::bruteForcePasses));

  private SensitivityFigures() {}

  private static List<Figure<Effect>> effect() {
    List<Figure<Effect>> all = new ArrayList<>();
    all.add(Figure.count("place", Effect::place));
    all.add(Figure.count("firstPlace", Effect::firstPlace));
    all.add(Figure.count("lastPlace", Effect::lastPlace));
    all.add(Figure.count("images", Effect::images));
    all.add(some(Figure.share("top1", v -> v), Effect::top1));
    estimate(all, "top1Change", Figure.Unit.SHARE, Effect::top1Change);
    estimate(all, "agreementTop1", Figure.Unit.SHARE, Effect::agreement);
    estimate(all, "sqnrDb", Figure.Unit.DECIBEL, e -> Optional.of(e.sqnrDb()));
    estimate(all, "gainDb", Figure.Unit.DECIBEL, Effect::gainDb);
    return List.copyOf(all);
  }

  private static <T> Figure<T> some(Figure<Double> of, Function<T, Optional<Double>> owner) {
    return of.ofSome(owner);
  }

  /** A figure and the ends of its interval. */
  private static void estimate(
      List<Figure<Effect>> to,
      String name,
      Figure.Unit unit,
      Function<Effect, Optional<Estimate>> owner) {
    to.add(figure(name, unit, owner, Estimate::value));
    to.add(figure(name + "Low", unit, owner, e -> e.interval().low()));
    to.add(figure(name + "High", unit, owner, e -> e.interval().high()));
  }

  private static Figure<Effect> figure(
      String name,
      Figure.Unit unit,
      Function<Effect, Optional<Estimate>> owner,
      Function<Estimate, Double> part) {
    return new Figure<Estimate>(name, unit, part::apply, e -> true).ofSome(owner);
  }
}
