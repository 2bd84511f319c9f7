package io.depthscope.remedy;

import io.depthscope.graph.Clamp;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/**
 * Takes the weights away from channels that have one value whatever the network reads ({@link
 * ConstantChannels}). Training leaves such channels behind with a variance of nearly 0, and folding
 * then multiplies their weights until they set the range of a layer's weights alone.
 *
 * <p>A channel's weights become 0 and its bias the value it had. Where a layer reads a constant
 * channel, the constant moves into its bias and the weights for it become 0: always if the constant
 * is 0, and without padding also if it is not (a padded window would miss it at the borders). Where
 * all readers have done so, the channel itself becomes 0.
 */
public record DeadChannelRepair() implements Rewrite {
  @Override
  public String name() {
    return "dead-channels";
  }

  @Override
  public String words() {
    return "repair of dead channels";
  }

  @Override
  public String summary() {
    return "constant channels become constants in the next layer's biases, their weights 0";
  }

  @Override
  public Rewritten rewrite(Mending before) {
    Graph graph = before.network().graph();
    Draft draft = new Draft(before.network());
    ConstantChannels channels = ConstantChannels.of(before);
    Map<String, Seen.Channels> figures = new HashMap<>();
    TreeSet<String> layers = new TreeSet<>();
    int dead = 0;
    int asleep = 0;
    int moved = 0;
    int weights = 0;
    for (int i = 0; i < graph.size(); i++) {
      if (!(graph.node(i).op() instanceof Op.Convolution)) {
        continue;
      }
      int before0 = weights;
      weights += readConstants(before, channels, draft, i);
      List<Integer> constant = channels.of(i);
      Draft.Layer layer = draft.layer(i);
      for (int c : constant) {
        weights += clear(layer, c);
        float value = (float) before.channels(i).min()[c];
        if (value != 0 && canBeZero(before, i, c)) {
          value = 0;
          moved++;
        }
        layer.bias()[c] = value;
        String name = graph.node(i).name();
        Seen.Channels own = figures.getOrDefault(name, before.channels(i));
        figures.put(name, own.constant(c, value));
      }
      dead += constant.size();
      asleep += before.channels(i).constants() - constant.size();
      if (weights > before0) {
        layers.add(graph.node(i).name());
      }
    }
    if (weights == 0) {
      return Rewritten.nothing(before);
    }
    List<String> account = new ArrayList<>();
    account.add(
        String.format(
            Locale.ROOT,
            "%,d output channels are constant whatever the network reads; %,d weights in %d layers"
                + " set to 0",
            dead,
            weights,
            layers.size()));
    if (asleep > 0) {
      account.add(
          asleep + " more are constant on the calibration images, but need not be on others: left");
    }
    if (moved > 0) {
      account.add(moved + " constants moved into the biases of the layers that read them");
    }
    return new Rewritten(draft.network(), before.seen().with(figures), before.norms(), account);
  }

  /** Returns how many weights were not 0 before. */
  private static int clear(Draft.Layer layer, int row) {
    int cleared = 0;
    for (int i = row * layer.perRow(); i < (row + 1) * layer.perRow(); i++) {
      cleared += layer.kernel()[i] != 0 ? 1 : 0;
      layer.kernel()[i] = 0;
    }
    return cleared;
  }

  /** Moves what constant channels contribute into a layer's biases; returns how many weights. */
  private static int readConstants(Mending m, ConstantChannels channels, Draft draft, int node) {
    Node reader = m.network().graph().node(node);
    int input = reader.inputs().getFirst();
    Seen.Channels seen = m.channels(input);
    int cleared = 0;
    for (int c = 0; c < seen.size(); c++) {
      if (!channels.is(input, c) || !takesConstant(reader, seen.min()[c])) {
        continue;
      }
      Draft.Layer layer = draft.layer(node);
      for (int row = 0; row < layer.rows(); row++) {
        double sum = 0;
        for (int tap = 0; layer.reads(row, c) && tap < layer.taps(); tap++) {
          int at = layer.at(row, tap, c);
          sum += layer.kernel()[at];
          cleared += layer.kernel()[at] != 0 ? 1 : 0;
          layer.kernel()[at] = 0;
        }
        layer.bias()[row] = (float) (layer.bias()[row] + sum * seen.min()[c]);
      }
    }
    return cleared;
  }

  /** True if a constant of its input can move into its bias without changing anything. */
  private static boolean takesConstant(Node reader, double value) {
    return reader.op() instanceof Op.Convolution c
        && (value == 0 || c.window().padding().equals(Padding.NONE));
  }

  /** True if nobody reads the channel's value any more. */
  private static boolean canBeZero(Mending m, int node, int channel) {
    Graph graph = m.network().graph();
    double value = m.channels(node).min()[channel];
    Clamp clamp = graph.node(node).clamp();
    if (graph.outputs().contains(node) || clamp.lower(channel) > 0 || clamp.upper(channel) < 0) {
      return false;
    }
    return graph.nodes().stream()
        .filter(n -> n.inputs().contains(node))
        .allMatch(n -> takesConstant(n, value));
  }
}
