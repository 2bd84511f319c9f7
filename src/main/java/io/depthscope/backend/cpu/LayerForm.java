package io.depthscope.backend.cpu;

import io.depthscope.graph.LayerNorm;
import io.depthscope.graph.Op;
import io.depthscope.graph.Sampling;
import io.depthscope.graph.Window;
import io.depthscope.plan.Step;
import io.depthscope.tensor.Shape;
import java.util.List;

/** How this backend computes a layer: the one place where it looks at the operation. */
sealed interface LayerForm {

  /** The network's input. */
  record Image() implements LayerForm {}

  /** A matrix product over the windows of the input. */
  record Dense(Window window) implements LayerForm {}

  /** A product of each channel with a window of its own. */
  record ByChannel(Window window) implements LayerForm {}

  /** A product of each group of channels, or of windows whose taps are no neighbours. */
  record Grouped(Window window, int groups) implements LayerForm {}

  /** A window of each channel without weights. */
  record Pooled(Op.Pool.Kind kind, Window window) implements LayerForm {}

  /** Two inputs value by value; one of a single position stands for all. */
  record Combined(Op.Elementwise.Function function) implements LayerForm {}

  /** A function of each value. */
  record Mapped(Op.Unary.Function function) implements LayerForm {}

  /** The channels of several inputs side by side. */
  record Joined() implements LayerForm {}

  /** Values of the input at other places. */
  record Moved(Op.Rearrange op) implements LayerForm {}

  /** Values between those of the input. */
  record Resized(List<Sampling.Tap> rows, List<Sampling.Tap> columns) implements LayerForm {}

  /** Values below 0 times a slope. */
  record Sloped(Op.LeakyRelu op) implements LayerForm {}

  /** Values over what their neighbours among the channels amount to. */
  record Responding(Op.LocalResponse op) implements LayerForm {}

  /** The channels of each position about their mean. */
  record Normalized(LayerNorm op) implements LayerForm {}

  /** The form of a layer. */
  static LayerForm of(Step l) {
    return switch (l.op()) {
      case Op.Input ignored -> new Image();
      case Op.Convolution c -> convolution(l, c);
      case Op.Pool p -> new Pooled(p.kind(), p.windowOn(l.in()));
      case Op.Elementwise e -> new Combined(e.function());
      case Op.Unary u -> new Mapped(u.function());
      case Op.Concat ignored -> new Joined();
      case Op.Rearrange r -> new Moved(r);
      case Op.Resize r ->
          new Resized(
              r.rows().taps(l.in().height(), r.height()),
              r.columns().taps(l.in().width(), r.width()));
      case Op.LeakyRelu r -> new Sloped(r);
      case Op.LocalResponse r -> new Responding(r);
      case LayerNorm n -> new Normalized(n);
    };
  }

  private static LayerForm convolution(Step l, Op.Convolution c) {
    Shape in = l.in();
    if (c.groups() == 1 && !c.window().isDilated()) {
      return new Dense(c.window());
    }
    return c.isByChannel(in) && !c.window().isDilated()
        ? new ByChannel(c.window())
        : new Grouped(c.window(), c.groups());
  }

  /** True for a product whose rows are the input's positions themselves. */
  default boolean isPointwise() {
    return this instanceof Dense d && d.window().isPointwise();
  }

  /** True for a product whose windows are gathered into rows first. */
  default boolean isGathered() {
    return this instanceof Dense d && !d.window().isPointwise();
  }
}
