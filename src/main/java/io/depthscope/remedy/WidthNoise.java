package io.depthscope.remedy;

import io.depthscope.backend.BranchedRuns;
import io.depthscope.backend.InputBatch;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.quant.LayerWidths;
import io.depthscope.quant.QuantSpec;
import io.depthscope.stats.ErrorSums;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What each layer adds to the error of the outputs at several widths: the energy of the error where
 * it alone is quantized, over that of the float32 outputs. Predicted by a {@link NoiseModel}, or
 * measured by running the network with that layer alone quantized, weights and output.
 *
 * @param mending the network, quantized by its scheme
 * @param layers those with weights to be quantized
 * @param widths of the weights, in bits
 * @param corrected whether the mean of each layer's error is taken out, as corrected biases will do
 */
record WidthNoise(Mending mending, List<Node> layers, List<Integer> widths, boolean corrected) {

  /** Of all layers that have weights to be quantized. */
  static WidthNoise of(Mending mending, List<Integer> widths, boolean corrected) {
    List<Node> layers =
        mending.network().graph().nodes().stream()
            .filter(n -> mending.spec().weights(n.name()).isPresent())
            .toList();
    return new WidthNoise(mending, layers, widths, corrected);
  }

  /** How many weights a layer has. */
  long weights(int layer) {
    return mending.network().weightsOf(layers.get(layer)).kernel().data().length;
  }

  /** The network with the same width for all layers. */
  private Mending at(int width) {
    Map<String, Integer> bits = new HashMap<>();
    layers.forEach(n -> bits.put(n.name(), width));
    return mending.anew(mending.scheme(), new LayerWidths(bits));
  }

  /** By layer and width, without running anything. */
  double[][] predicted() {
    double[][] noise = new double[layers.size()][widths.size()];
    List<Node> nodes = mending.network().graph().nodes();
    for (int w = 0; w < widths.size(); w++) {
      double[] shares = NoiseModel.of(at(widths.get(w))).corrected(corrected).shares();
      for (int l = 0; l < noise.length; l++) {
        noise[l][w] = shares[nodes.indexOf(layers.get(l))];
      }
    }
    return noise;
  }

  /**
   * By layer and width, on images.
   *
   * @throws IOException if the network cannot be run on them, or the user stops
   */
  double[][] measured(CalibrationImages images) throws IOException {
    double[][] noise = new double[layers.size()][widths.size()];
    for (int w = 0; w < widths.size(); w++) {
      double[] errors = measured(at(widths.get(w)), images);
      for (int l = 0; l < noise.length; l++) {
        noise[l][w] = errors[l];
      }
    }
    return noise;
  }

  private double[] measured(Mending wide, CalibrationImages images) throws IOException {
    List<Node> nodes = mending.network().graph().nodes();
    Network fixed = corrected ? BiasCorrection.ofOwnError(wide) : mending.network();
    List<BranchedRuns.Branch> branches = new ArrayList<>();
    for (Node n : layers) {
      Network own = mending.network().withMended(Map.of(n.name(), fixed.quantizable(n)));
      Plan plan = plan(own, wide.spec().only(Set.of(n.name())), images);
      branches.add(new BranchedRuns.Branch(0, nodes.indexOf(n), plan));
    }
    Plan plain = plan(mending.network(), QuantSpec.NONE, images);
    BranchedRuns runs = new BranchedRuns(images.backend(), images.batch(), List.of(plain));
    double signal = 0;
    double[] error = new double[branches.size()];
    for (InputBatch batch : images.batches()) {
      BranchedRuns.Outputs out =
          runs.run(
                  batch,
                  branches,
                  done -> {
                    images.requireGoing();
                    return true;
                  })
              .orElseThrow();
      float[] x = out.trunks().getFirst();
      signal += ErrorSums.energy(new float[x.length], x, 0, x.length);
      for (int l = 0; l < error.length; l++) {
        error[l] += ErrorSums.energy(x, out.branches().get(l), 0, x.length);
      }
    }
    for (int l = 0; l < error.length && signal > 0; l++) {
      error[l] /= signal;
    }
    return error;
  }

  private static Plan plan(Network network, QuantSpec spec, CalibrationImages images) {
    return Plan.of(network, images.table(), spec, Feed.ACCUMULATED, Recording.PAIRED).alone();
  }
}
