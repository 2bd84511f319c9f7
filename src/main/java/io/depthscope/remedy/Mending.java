package io.depthscope.remedy;

import io.depthscope.graph.Network;
import io.depthscope.plan.QuantPolicy;
import io.depthscope.plan.SchemePolicy;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.QuantSpec;
import java.io.IOException;

/**
 * A network on its way to be mended.
 *
 * @param network computes in float32 what the original does, as far as the remedies are exact
 * @param scheme what a device can do
 * @param policy which outputs it quantizes
 * @param seen what calibration images showed of the network
 * @param spec how it is quantized now
 * @param norms what is known of the layers' values before their clamps from training
 */
public record Mending(
    Network network,
    QuantScheme scheme,
    QuantPolicy policy,
    Seen seen,
    QuantSpec spec,
    Norms norms) {

  /**
   * A network as it is, quantized by a scheme.
   *
   * @throws IOException if it cannot be run on the images
   */
  public static Mending begin(
      Network network, QuantScheme scheme, QuantPolicy policy, CalibrationImages images)
      throws IOException {
    return of(network, scheme, policy, images.see(network), Norms.of(network));
  }

  static Mending of(
      Network network, QuantScheme scheme, QuantPolicy policy, Seen seen, Norms norms) {
    QuantSpec spec = SchemePolicy.spec(network, scheme, policy, seen.tensors());
    return new Mending(network, scheme, policy, seen, spec, norms);
  }

  /** What was seen of the channels of a node. */
  Seen.Channels channels(int node) {
    return seen.channels().get(network.graph().node(node).name());
  }

  Mending with(Network other, QuantSpec otherSpec) {
    return new Mending(other, scheme, policy, seen, otherSpec, norms);
  }

  Mending with(QuantSpec otherSpec) {
    return with(network, otherSpec);
  }
}
