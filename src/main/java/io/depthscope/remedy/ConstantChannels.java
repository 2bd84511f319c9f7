package io.depthscope.remedy;

import io.depthscope.graph.Clamp;
import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import java.util.ArrayList;
import java.util.List;

/**
 * Channels that have one value whatever the network reads, as far as its weights and ranges tell. A
 * layer's channel is one if it had one value on all calibration images, and if no values of what it
 * reads could move it by more than {@value #SLACK} of its layer's range, each value taken anywhere
 * between the bounds of its clamp, or between the least and the greatest that was seen where it has
 * none. A channel that was only never seen to wake is none: other images may wake it.
 */
final class ConstantChannels {
  /** What float32 sums differ by is no movement. */
  private static final double SLACK = 1e-5;

  private final List<boolean[]> dead;

  private ConstantChannels(List<boolean[]> dead) {
    this.dead = dead;
  }

  static ConstantChannels of(Mending mending) {
    Graph graph = mending.network().graph();
    List<boolean[]> dead = new ArrayList<>();
    for (int i = 0; i < graph.size(); i++) {
      Seen.Channels seen = mending.channels(i);
      boolean[] own = new boolean[seen.size()];
      for (int c = 0; c < own.length; c++) {
        own[c] = seen.isConstant(c) && cannotMove(mending, i, c, dead);
      }
      dead.add(own);
    }
    return new ConstantChannels(dead);
  }

  /** True if a channel of a node's output is constant. */
  boolean is(int node, int channel) {
    return dead.get(node)[channel];
  }

  /** The constant channels of a node's output. */
  List<Integer> of(int node) {
    List<Integer> all = new ArrayList<>();
    for (int c = 0; c < dead.get(node).length; c++) {
      if (is(node, c)) {
        all.add(c);
      }
    }
    return all;
  }

  private static boolean cannotMove(Mending m, int node, int channel, List<boolean[]> dead) {
    Node n = m.network().graph().node(node);
    return switch (n.op()) {
      case Op.Input in -> false;
      case Op.Convolution op -> range(m, n, op, channel, dead) <= SLACK * widest(m.channels(node));
      case Op.Concat c -> {
        int at = channel;
        for (int input : n.inputs()) {
          if (at < dead.get(input).length) {
            yield dead.get(input)[at];
          }
          at -= dead.get(input).length;
        }
        yield false;
      }
      default ->
          n.inputs().stream()
              .map(dead::get)
              .allMatch(read -> read.length == m.channels(node).size() && read[channel]);
    };
  }

  private static double widest(Seen.Channels seen) {
    return seen.highest() - seen.lowest();
  }

  /** How far apart the values of an output channel can be, behind the clamp. */
  private static double range(
      Mending m, Node node, Op.Convolution op, int row, List<boolean[]> dead) {
    Network network = m.network();
    FoldedWeights w = network.weightsOf(node);
    int read = node.inputs().getFirst();
    Seen.Channels in = m.channels(read);
    Clamp before = network.graph().node(read).clamp();
    boolean padded = !op.window().padding().equals(Padding.NONE);
    int depth = w.kernel().dims()[3];
    double low = w.bias()[row];
    double high = low;
    for (int k = 0; k < w.perChannel(); k++) {
      int c = op.firstInput(row, depth) + k % depth;
      double value = w.kernel().data()[row * w.perChannel() + k];
      double least = in.min()[c];
      double most = in.max()[c];
      if (!dead.get(read)[c]) {
        least = Double.isFinite(before.lower(c)) ? Math.min(least, before.lower(c)) : least;
        most = Double.isFinite(before.upper(c)) ? Math.max(most, before.upper(c)) : most;
      }
      if (padded) {
        least = Math.min(least, 0);
        most = Math.max(most, 0);
      }
      low += Math.min(value * least, value * most);
      high += Math.max(value * least, value * most);
    }
    Clamp own = node.clamp();
    return clamped(own, row, high) - clamped(own, row, low);
  }

  private static double clamped(Clamp clamp, int channel, double value) {
    return Math.max(clamp.lower(channel), Math.min(clamp.upper(channel), value));
  }
}
