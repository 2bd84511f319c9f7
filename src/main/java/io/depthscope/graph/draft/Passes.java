package io.depthscope.graph.draft;

import io.depthscope.graph.BatchNorm;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.LayerNorm;
import io.depthscope.graph.LayerParameters;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import io.depthscope.graph.Window;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** What the passes of {@link CleanUp} do. */
final class Passes {
  private Passes() {}

  static CleanUp.Passed dropUnused(Draft draft) {
    boolean[] used = new boolean[draft.nodes().size()];
    used[0] = true;
    draft.outputs().forEach(i -> used[i] = true);
    for (int i = used.length - 1; i >= 0; i--) {
      if (used[i]) {
        draft.nodes().get(i).inputs().forEach(in -> used[in] = true);
      }
    }
    Rewrite made = new Rewrite(draft);
    for (int i = 0; i < used.length; i++) {
      if (used[i]) {
        made.keep(i, draft.nodes().get(i));
      } else {
        made.note(draft.nodes().get(i).name());
      }
    }
    return made.result();
  }

  static CleanUp.Passed foldNorms(Draft draft) {
    Rewrite made = new Rewrite(draft);
    for (int i = 0; i < draft.nodes().size(); i++) {
      DraftNode node = draft.nodes().get(i);
      if (node.op() instanceof DraftOp.Normalize(BatchNorm norm)
          && made.hasOneReader(node.inputs().getFirst())) {
        int input = node.inputs().getFirst();
        DraftNode before = made.now(input);
        Optional<DraftNode> folded =
            before.clamp().equals(Clamp.NONE) && !before.quantizes()
                ? folded(before, norm)
                : Optional.empty();
        if (folded.isPresent()) {
          made.mergeInto(i, input, folded.get().withClamp(node.clamp()).endingIn(node));
          continue;
        }
      }
      made.keep(i, node);
    }
    return made.result();
  }

  private static Optional<DraftNode> folded(DraftNode before, BatchNorm norm) {
    if (before.op() instanceof DraftOp.Normalize(BatchNorm first)) {
      return Optional.of(before.withOp(new DraftOp.Normalize(first.then(norm))));
    }
    if (before.op() instanceof DraftOp.Of(LayerNorm first)) {
      return Optional.of(before.withOp(new DraftOp.Of(first.then(norm))));
    }
    if (before.convolution().isEmpty()) {
      return Optional.empty();
    }
    LayerParameters p = before.parameters().orElseThrow();
    if (p.batchNorm().isEmpty() && norm.isShift()) {
      float[] bias = p.bias().map(float[]::clone).orElseGet(() -> new float[norm.beta().length]);
      for (int c = 0; c < bias.length; c++) {
        bias[c] += norm.beta()[c];
      }
      return Optional.of(
          before.withParameters(
              new LayerParameters(p.kernel(), Optional.of(bias), Optional.empty())));
    }
    if (!before.codes().weights().isEmpty()) {
      return Optional.empty(); // other weights would have other codes
    }
    BatchNorm both = p.batchNorm().map(first -> first.then(norm)).orElse(norm);
    return Optional.of(
        before.withParameters(new LayerParameters(p.kernel(), p.bias(), Optional.of(both))));
  }

  static CleanUp.Passed fuseClamps(Draft draft) {
    Rewrite made = new Rewrite(draft);
    for (int i = 0; i < draft.nodes().size(); i++) {
      DraftNode node = draft.nodes().get(i);
      if (node.op() instanceof DraftOp.Bound(Clamp clamp)
          && made.hasOneReader(node.inputs().getFirst())) {
        int input = node.inputs().getFirst();
        DraftNode before = made.now(input);
        if (before.op().takesClamp() && !before.quantizes()) {
          Clamp all = before.clamp().then(clamp).then(node.clamp());
          made.mergeInto(i, input, before.withClamp(all).endingIn(node));
          continue;
        }
      }
      made.keep(i, node);
    }
    return made.result();
  }

  static CleanUp.Passed padWindows(Draft draft) {
    List<DraftNode> nodes = draft.nodes();
    boolean[] merges = new boolean[nodes.size()];
    for (int i = 0; i < merges.length; i++) {
      merges[i] = nodes.get(i).op() instanceof DraftOp.Pad && !draft.outputs().contains(i);
    }
    // From the last on, since padding is merged with padding behind it only if that is merged.
    for (int i = merges.length - 1; i >= 0; i--) {
      for (int input : nodes.get(i).inputs()) {
        if (merges[input] && padded(nodes.get(i), nodes.get(input), draft).isEmpty()) {
          merges[input] = false;
        }
      }
    }
    Rewrite made = new Rewrite(draft);
    for (int i = 0; i < merges.length; i++) {
      DraftNode node = nodes.get(i);
      if (merges[i]) {
        made.drop(i);
        continue;
      }
      for (int pad = pad(node, merges); pad >= 0; pad = nextPad(nodes.get(pad), merges)) {
        node = padded(node, nodes.get(pad), draft).orElseThrow();
      }
      made.keep(i, node);
    }
    return made.result();
  }

  /** The merged padding that a node reads, or -1. */
  private static int pad(DraftNode node, boolean[] merges) {
    return node.inputs().size() == 1 ? nextPad(node, merges) : -1;
  }

  private static int nextPad(DraftNode node, boolean[] merges) {
    int input = node.inputs().getFirst();
    return merges[input] ? input : -1;
  }

  /** A node that pads its windows itself instead of reading the padding; empty if it cannot. */
  private static Optional<DraftNode> padded(DraftNode node, DraftNode padding, Draft draft) {
    if (!(padding.op() instanceof DraftOp.Pad(Padding p, float value))) {
      return Optional.empty();
    }
    DraftNode input = draft.nodes().get(padding.inputs().getFirst());
    if (padding.quantizes() && !padding.codes().output().equals(input.codes().output())) {
      return Optional.empty(); // it changes values, too
    }
    Clamp inner = input.clamp();
    return switch (node.op()) {
      case DraftOp.Of(Op.Convolution c) when value == 0 ->
          Optional.of(
              node.withOp(
                  new DraftOp.Of(
                      new Op.Convolution(grown(c.window(), p), c.groups(), c.outChannels()))));
      case DraftOp.Pad(Padding outer, float same) when same == value ->
          Optional.of(node.withOp(new DraftOp.Pad(outer.plus(p), value)));
      // A maximum does not see padding; nor one that no value of the input is below.
      case DraftOp.Of(Op.Pool pool)
          when pool.kind() == Op.Pool.Kind.MAX
              && pool.window().isPresent()
              && (value <= -Float.MAX_VALUE || value == 0 && isNeverNegative(inner)) -> {
        Op grown = Op.Pool.of(pool.kind(), grown(pool.window().get(), p));
        Shape unpadded = draft.nodes().get(padding.inputs().getFirst()).shape();
        boolean fits;
        try {
          fits = grown.outputShape(List.of(unpadded)).equals(node.shape());
        } catch (IllegalArgumentException e) { // a window would lie in the padding
          fits = false;
        }
        yield fits ? Optional.of(node.withOp(new DraftOp.Of(grown))) : Optional.empty();
      }
      default -> Optional.empty();
    };
  }

  private static boolean isNeverNegative(Clamp clamp) {
    for (float lower : clamp.lower()) {
      if (!(lower >= 0)) {
        return false;
      }
    }
    return true;
  }

  private static Window grown(Window w, Padding p) {
    return w.padded(w.padding().plus(p));
  }

  static CleanUp.Passed keepPadding(Draft draft) {
    Rewrite made = new Rewrite(draft);
    for (int i = 0; i < draft.nodes().size(); i++) {
      DraftNode node = draft.nodes().get(i);
      if (node.op() instanceof DraftOp.Pad pad) {
        Shape in = draft.nodes().get(node.inputs().getFirst()).shape();
        try {
          node = node.withOp(new DraftOp.Of(Moves.pad(in, pad)));
        } catch (IllegalArgumentException | ArithmeticException e) {
          throw new IllegalArgumentException("node " + node.name() + ": " + e.getMessage(), e);
        }
        made.note(node.name());
      }
      made.keep(i, node);
    }
    return made.result();
  }

  static CleanUp.Passed joinMoves(Draft draft) {
    Rewrite made = new Rewrite(draft);
    for (int i = 0; i < draft.nodes().size(); i++) {
      DraftNode node = draft.nodes().get(i);
      if (node.op() instanceof DraftOp.Of(Op.Rearrange second)
          && made.hasOneReader(node.inputs().getFirst())) {
        int input = node.inputs().getFirst();
        DraftNode before = made.now(input);
        Optional<Op.Rearrange> both =
            before.op() instanceof DraftOp.Of(Op.Rearrange first)
                    && (!before.quantizes()
                        || before.codes().output().equals(node.codes().output()))
                ? Moves.joined(first, second)
                : Optional.empty();
        if (both.isPresent()) {
          DraftNode joined = node.withOp(new DraftOp.Of(both.get())).withInputs(before.inputs());
          made.mergeInto(i, input, joined);
          continue;
        }
      }
      made.keep(i, node);
    }
    return made.result();
  }

  static CleanUp.Passed keep(Draft draft) {
    Rewrite made = new Rewrite(draft);
    for (int i = 0; i < draft.nodes().size(); i++) {
      DraftNode node = draft.nodes().get(i);
      int channels = node.shape().channels();
      Optional<DraftNode> kept =
          switch (node.op()) {
            case DraftOp.Of ignored -> Optional.empty();
            case DraftOp.Normalize(BatchNorm norm) ->
                Optional.of(byChannel(node, ones(channels, Optional.of(norm)), node));
            case DraftOp.Bound(Clamp clamp) -> Optional.of(bounded(node, clamp));
            case DraftOp.Pad ignored -> Optional.empty();
          };
      kept.ifPresent(k -> made.note(k.name()));
      made.keep(i, kept.orElse(node));
    }
    return made.result();
  }

  private static DraftNode bounded(DraftNode node, Clamp clamp) {
    DraftNode clamped = node.withClamp(clamp.then(node.clamp()));
    boolean onlyRounds = clamped.clamp().equals(Clamp.NONE);
    return onlyRounds && node.shape().size() <= Op.Rearrange.MOST_VALUES
        ? node.withOp(new DraftOp.Of(Op.Rearrange.round(node.shape())))
        : byChannel(node, ones(node.shape().channels(), Optional.empty()), clamped);
  }

  private static DraftNode byChannel(
      DraftNode node, LayerParameters parameters, DraftNode clamped) {
    Op op = Op.Convolution.depthwise(Window.POINTWISE, node.shape().channels());
    return clamped.withOp(new DraftOp.Of(op)).withParameters(parameters);
  }

  private static LayerParameters ones(int channels, Optional<BatchNorm> norm) {
    float[] one = new float[channels];
    Arrays.fill(one, 1f);
    return new LayerParameters(FloatTensor.of(one, channels, 1, 1, 1), Optional.empty(), norm);
  }
}
