package io.depthscope.backend.cuda;

import io.depthscope.backend.Backend;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.Op;
import io.depthscope.graph.Window;
import io.depthscope.tensor.Shape;
import io.depthscope.verification.LayerCase;
import io.depthscope.verification.LayerFile;
import io.depthscope.verification.PlanCase;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The listed layers of every kind as they are, and at the sizes where tiles, lanes and vectors end:
 * one less, as many, and one more than fit.
 */
final class LayerCases {
  private static final int[] CHANNELS = {1, 3, 4, 5, 31, 32, 33, 63, 64, 65, 67, 128, 129};

  /** Positions around the 16, 98 and 256 that tiles hold, and around the half of 98. */
  private static final int[][] EXTENTS = {
    {1, 1}, {4, 4}, {1, 17}, {7, 7}, {5, 10}, {97, 1}, {7, 14}, {9, 11}, {15, 17}, {16, 16},
    {1, 257}, {13, 2}
  };

  private static final List<Clamp> CLAMPS =
      List.of(Clamp.NONE, Clamp.RELU, Clamp.RELU6, Clamp.of(-0.5f, 1.5f));

  private static final int MOST_IMAGES = 100;
  private static final int MOST_OUTPUTS = 130_000;

  private final Backend backend;
  private final List<PlanCase> all = new ArrayList<>();

  private LayerCases(Backend backend) {
    this.backend = backend;
  }

  /** All that a backend can run; the same at every call. */
  static List<PlanCase> all(Backend backend) {
    LayerCases cases = new LayerCases(backend);
    List<LayerCase> listed = LayerFile.everyKind();
    listed.forEach(cases::add);
    // Layers that differ in nothing but their padding, or which input is of one position, take
    // turns.
    Map<String, List<LayerCase>> alike = new LinkedHashMap<>();
    for (LayerCase layer : listed) {
      if (tiles(layer)) {
        alike.computeIfAbsent(kind(layer), kind -> new ArrayList<>()).add(layer);
      }
    }
    alike.values().forEach(cases::sized);
    return cases.all;
  }

  /** True where other sizes would make other tiles than those listed: windows of one and three. */
  private static boolean tiles(LayerCase layer) {
    return !(layer.op() instanceof Op.Convolution c)
        || (c.window().kernelH() == c.window().kernelW()
            && c.window().kernelH() != 5
            && c.window().strideH() <= 2);
  }

  private static String kind(LayerCase layer) {
    if (!(layer.op() instanceof Op.Convolution c)) {
      return layer.word();
    }
    Window w = c.window();
    return layer.word() + w.kernelH() + " " + w.strideH() + " " + w.isDilated() + (c.groups() > 1);
  }

  private void sized(List<LayerCase> alike) {
    Op op = alike.getFirst().op();
    boolean dense = op instanceof Op.Convolution c && c.groups() == 1;
    boolean connected = alike.getFirst().word().equals("fully-connected");
    for (int i = 0; i < EXTENTS.length && !connected; i++) {
      int in = CHANNELS[(5 * i + 3) % CHANNELS.length];
      int out = CHANNELS[(7 * i + 2) % CHANNELS.length];
      boolean wide = dense && alike.getFirst().word().equals("conv");
      Shape shape = new Shape(EXTENTS[i][0], EXTENTS[i][1], wide ? out % 40 + 1 : in);
      resized(alike.getFirst(), shape, wide ? in : out, i);
      LayerCase turn = alike.get(i % alike.size());
      if (op.hasWeights() && turn != alike.getFirst()) {
        resized(turn, shape, wide ? in : out, i + 1);
      }
    }
    for (int i = 0; i < CHANNELS.length && (op.hasWeights() || op instanceof Op.Pool); i++) {
      Shape in = new Shape(11 + i % 3, 9 + i % 4, CHANNELS[i]);
      if (connected) {
        in = new Shape(1, 1, CHANNELS[CHANNELS.length - 1 - i]);
      } else if (dense) {
        in = new Shape(7, 5, 3);
      }
      resized(alike.get(i % alike.size()), in, CHANNELS[i], i);
    }
  }

  private void resized(LayerCase layer, Shape in, int outChannels, int turn) {
    LayerCase other;
    try {
      other = layer.resized(in, outChannels);
    } catch (IllegalArgumentException doesNotFit) {
      return;
    }
    add(other.op().takesClamp() ? other.clamped(CLAMPS.get(turn % CLAMPS.size())) : other);
  }

  private void add(LayerCase layer) {
    if (layer.runsOn(backend)) {
      all.add(layer.planCase(all.size(), images(layer.out())));
    }
  }

  /** As many images as make several tiles of several images, and one that is not full. */
  private static int images(Shape out) {
    int inATile = Math.max(1, out.positions() <= 16 ? 64 / out.channels() : 0);
    int wanted = Math.max(Math.max(3, 98 / out.positions() + 2), inATile + 1);
    int affordable = Math.max(2, MOST_OUTPUTS / out.size());
    return Math.min(Math.min(wanted, affordable), MOST_IMAGES);
  }
}
