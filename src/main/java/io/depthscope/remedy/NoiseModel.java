package io.depthscope.remedy;

import io.depthscope.graph.FoldedWeights;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.plan.SchemePolicy;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.QuantizedTensor;
import io.depthscope.quant.Range;
import java.util.Map;
import java.util.Optional;

/**
 * Predicts the SQNR of a quantized network's outputs from figures that are known before it is run.
 *
 * <p>Every layer adds noise of its own, relative to the variance of its output over images and
 * positions; relative noise passes through the layers behind as it is, so that what all layers add
 * is summed: {@code NSR = sum over layers of (noise / variance)}. A channel's noise is
 *
 * <pre>
 * weights:  sum over weights (dw^2 Var(x)) + (sum over weights dw E(x))^2, times the share of
 *           outputs that the clamp lets through
 * rounding: scale^2 / 12, times the share of values that are not 0
 * </pre>
 *
 * with dw the error of a weight and x what it multiplies. The second square is what a bias can
 * correct. Noise cannot grow beyond the signal for long: the prediction is {@code -10 log10(NSR /
 * (1 + NSR))}.
 *
 * @param spec how the network is quantized; empty: by the scheme, with the ranges that were seen
 * @param biases whether means of errors are corrected
 * @param rounded share of the weights' noise that learned rounding leaves; 1 without
 */
record NoiseModel(
    Mending mending,
    Network network,
    Seen seen,
    Optional<QuantSpec> spec,
    boolean biases,
    double rounded) {

  /** Of a network as it is. */
  static NoiseModel of(Mending m) {
    return new NoiseModel(
        m, m.network(), m.seen(), Optional.of(m.spec()), !m.network().mended().isEmpty(), 1);
  }

  /** Of what it is rewritten to, quantized by the same scheme. */
  NoiseModel with(Network other, Seen otherSeen) {
    return new NoiseModel(mending, other, otherSeen, Optional.empty(), biases, rounded);
  }

  /** With corrected biases, if so. */
  NoiseModel corrected(boolean so) {
    return new NoiseModel(mending, network, seen, spec, biases || so, rounded);
  }

  /** With learned rounding. */
  NoiseModel rounded(double share) {
    return new NoiseModel(mending, network, seen, spec, biases, share);
  }

  /** The prediction. */
  double sqnrDb() {
    double nsr = 0;
    for (double share : shares()) {
      nsr += share;
    }
    return sqnrDb(nsr);
  }

  /** The SQNR that a sum of relative noise leaves. */
  static double sqnrDb(double nsr) {
    return -10 * Math.log10(nsr / (1 + nsr));
  }

  /** What each node adds: its noise over the variance of its output, in the order of the graph. */
  double[] shares() {
    Graph graph = network.graph();
    Map<String, QuantizedTensor> codes =
        spec.map(QuantSpec::weights)
            .orElseGet(() -> SchemePolicy.weights(network, mending.scheme(), mending.widths()));
    double[] shares = new double[graph.size()];
    for (int i = 0; i < graph.size(); i++) {
      Node node = graph.node(i);
      Seen.Channels own = seen.channels().get(node.name());
      double variance = 0;
      for (int c = 0; c < own.size(); c++) {
        variance += own.variance(c);
      }
      if (!(variance > 0)) {
        continue;
      }
      double noise = rounding(node, own);
      QuantizedTensor w = codes.get(node.name());
      if (w != null) {
        noise += weights(i, w, own);
      }
      shares[i] = noise / variance;
    }
    return shares;
  }

  private double rounding(Node node, Seen.Channels own) {
    Optional<QuantParams> params =
        spec.isPresent() ? spec.get().output(node.name()) : byRange(node, own);
    if (params.isEmpty()) {
      return 0;
    }
    double step = params.get().scale();
    double noise = 0;
    for (int c = 0; c < own.size(); c++) {
      noise += step * step / 12 * own.active()[c];
    }
    return noise;
  }

  private Optional<QuantParams> byRange(Node node, Seen.Channels own) {
    Optional<QuantFormat> format =
        mending.policy().quantizes(node.op())
            ? mending.schemeOf(node).activations()
            : Optional.empty();
    return format.map(f -> QuantParams.of(new Range(own.lowest(), own.highest()), f));
  }

  private double weights(int i, QuantizedTensor codes, Seen.Channels own) {
    Node node = network.graph().node(i);
    FoldedWeights w = network.weightsOf(node);
    Seen.Channels in = seen.channels().get(network.graph().node(node.inputs().getFirst()).name());
    int[] dims = w.kernel().dims();
    int depth = dims[3];
    Op.Convolution op = (Op.Convolution) node.op();
    double noise = 0;
    for (int row = 0; row < w.channels(); row++) {
      double random = 0;
      double mean = 0;
      for (int k = 0; k < w.perChannel(); k++) {
        int at = row * w.perChannel() + k;
        int c = op.firstInput(row, depth) + k % depth;
        double dw =
            (double) codes.paramsOf(at).dequantize(codes.codes()[at]) - w.kernel().data()[at];
        random += dw * dw * in.variance(c);
        mean += dw * in.mean()[c];
      }
      noise += own.active()[row] * (rounded * random + (biases ? 0 : mean * mean));
    }
    return noise;
  }
}
