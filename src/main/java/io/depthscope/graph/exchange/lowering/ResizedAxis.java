package io.depthscope.graph.exchange.lowering;

import io.depthscope.graph.Op;
import io.depthscope.graph.Sampling;
import io.depthscope.graph.draft.NdMath;
import java.util.Arrays;

/**
 * One axis of a Resize node.
 *
 * @param scale of the output to the input, as stated or else as the extents have it
 * @param convention how places of the output lie over those of the input
 * @param rounding of a place between two, for nearest
 */
public record ResizedAxis(int in, int out, float scale, String convention, String rounding) {
  static final ResizedAxis KEPT_ROW = new ResizedAxis(1, 1, 1, "asymmetric", "floor");

  /** Before this version there was one convention, and a rounding that had no name. */
  private static final int CONVENTIONS_SINCE = 11;

  private static final String UNNAMED = "";

  boolean isKept() {
    return in == out && (scale == 1 || convention.equals("align_corners"));
  }

  /** The axes of a Resize or Upsample node. */
  static ResizedAxis[] of(Inputs inputs, int[] dims) {
    FileNode node = inputs.node();
    boolean old = node.opset() < CONVENTIONS_SINCE || node.op().equals("Upsample");
    if (!node.text("keep_aspect_ratio_policy", "stretch").equals("stretch")
        || node.integer("antialias", 0) != 0) {
      throw Refused.notYet();
    }
    String convention =
        old ? "asymmetric" : node.text("coordinate_transformation_mode", "half_pixel");
    String rounding = old ? UNNAMED : node.text("nearest_mode", "round_prefer_floor");
    int[] extents = dims.clone();
    float[] scales = new float[dims.length];
    Arrays.fill(scales, 1);
    boolean sized = !old && inputs.has(3) && inputs.constant(3).size() > 0;
    int[] axes = axes(node, dims.length);
    if (sized) {
      int[] stated = Evaluator.extents(inputs.constant(3));
      check(stated.length, axes);
      for (int i = 0; i < axes.length; i++) {
        extents[axes[i]] = stated[i];
        scales[axes[i]] = (float) stated[i] / dims[axes[i]];
      }
    } else {
      float[] stated = scales(inputs, old);
      check(stated.length, axes);
      for (int i = 0; i < axes.length; i++) {
        scales[axes[i]] = stated[i];
        float extent = stated[i] * dims[axes[i]];
        if (!(extent >= 1 && extent <= Op.Rearrange.MOST_VALUES)) {
          throw new Refused("scales an extent of " + dims[axes[i]] + " by " + stated[i]);
        }
        extents[axes[i]] = (int) extent;
      }
    }
    ResizedAxis[] all = new ResizedAxis[dims.length];
    for (int d = 0; d < all.length; d++) {
      if (extents[d] < 1 || extents[d] > Op.Rearrange.MOST_VALUES) {
        throw new Refused("an extent of " + extents[d]);
      }
      all[d] = new ResizedAxis(dims[d], extents[d], scales[d], convention, rounding);
    }
    return all;
  }

  private static int[] axes(FileNode node, int rank) {
    long[] stated = node.integers("axes");
    int[] axes = new int[stated == null ? rank : stated.length];
    Arrays.setAll(axes, i -> stated == null ? i : NdMath.axis(stated[i], rank));
    return axes;
  }

  private static void check(int stated, int[] axes) {
    if (stated != axes.length) {
      throw new Refused(stated + " scales or sizes for " + axes.length + " axes");
    }
  }

  private static float[] scales(Inputs inputs, boolean old) {
    float[] attribute = inputs.node().reals("scales");
    if (attribute != null) {
      return attribute;
    }
    return inputs.constant(old ? 1 : 2).floats();
  }

  /** Where the places lie, for interpolation. */
  Sampling sampling() {
    return sampling(convention, in, out, scale);
  }

  /**
   * The same of a convention of ONNX.
   *
   * @param scale of the output to the input
   * @throws Refused if it cannot be run
   */
  public static Sampling sampling(String convention, int in, int out, float scale) {
    return switch (convention) {
      case "half_pixel" -> Sampling.halfPixel(scale);
      case "pytorch_half_pixel" -> out > 1 ? Sampling.halfPixel(scale) : new Sampling(0, 0);
      case "half_pixel_symmetric" -> {
        Sampling plain = Sampling.halfPixel(scale);
        double adjusted = out / (scale * (double) in);
        yield new Sampling(plain.step(), plain.first() + in / 2.0 * (1 - adjusted));
      }
      case "align_corners" -> Sampling.alignedCorners(in, out);
      case "asymmetric" -> Sampling.asymmetric(scale);
      default -> throw new Refused("places lie as " + convention + ", which cannot run yet");
    };
  }

  /** The place of the input that each place of the output is. */
  int[] nearest() {
    int[] places = new int[out];
    for (int i = 0; i < out; i++) {
      places[i] = (int) Math.clamp(rounded(at(i)), 0, in - 1L);
    }
    return places;
  }

  /** In float32, as runtimes have it: places at a tie depend on it. */
  private float at(int i) {
    return switch (convention) {
      case "half_pixel" -> (i + 0.5f) / scale - 0.5f;
      case "pytorch_half_pixel" -> out > 1 ? (i + 0.5f) / scale - 0.5f : 0;
      case "tf_half_pixel_for_nn" -> (i + 0.5f) / scale;
      case "align_corners" -> out == 1 ? 0 : i * (float) (in - 1) / (out - 1);
      case "asymmetric" -> i / scale;
      case "half_pixel_symmetric" -> in / 2f * (1 - out / (scale * in)) + (i + 0.5f) / scale - 0.5f;
      default -> throw new Refused("places lie as " + convention + ", which cannot run yet");
    };
  }

  private long rounded(float at) {
    double floor = Math.floor(at);
    return (long)
        switch (rounding) {
          case "round_prefer_floor" -> at - floor > 0.5 ? floor + 1 : floor;
          case "round_prefer_ceil" -> at - floor >= 0.5 ? floor + 1 : floor;
          case "floor" -> floor;
          case "ceil" -> Math.ceil(at);
          case UNNAMED -> scale < 1 ? Math.ceil(at) : floor;
          default -> throw new Refused("nearest_mode is the unknown word " + rounding);
        };
  }
}
