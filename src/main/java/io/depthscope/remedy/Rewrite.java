package io.depthscope.remedy;

import io.depthscope.graph.Network;
import java.io.IOException;
import java.util.List;

/** A remedy that changes the network and leaves what it computes in float32 as it is. */
public sealed interface Rewrite extends Remedy
    permits DeadChannelRepair, Equalization, BiasAbsorption, ChannelSplitting {

  /**
   * The new network, and what will be seen of it.
   *
   * @param account empty if there was nothing to do
   */
  record Rewritten(Network network, Seen seen, Norms norms, List<String> account) {
    static Rewritten nothing(Mending as) {
      return new Rewritten(as.network(), as.seen(), as.norms(), List.of());
    }
  }

  /** The rewriting itself: weights and figures alone, nothing is run. */
  Rewritten rewrite(Mending before);

  @Override
  default Stage stage() {
    return Stage.NETWORK;
  }

  /** Ranges are taken anew from the rewritten network. */
  @Override
  default Mended apply(Mending before, CalibrationImages images) throws IOException {
    Rewritten made = rewrite(before);
    if (made.account().isEmpty()) {
      return Mended.nothing(before);
    }
    Seen seen = images.see(made.network());
    return new Mended(before.anew(made.network(), seen, made.norms()), made.account());
  }

  @Override
  default double foresee(Mending before, boolean corrected) {
    Rewritten made = rewrite(before);
    return NoiseModel.of(before).with(made.network(), made.seen()).corrected(corrected).sqnrDb();
  }
}
