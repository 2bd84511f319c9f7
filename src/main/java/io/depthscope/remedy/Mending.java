package io.depthscope.remedy;

import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.plan.QuantPolicy;
import io.depthscope.plan.SchemePolicy;
import io.depthscope.quant.LayerWidths;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.QuantSpec;
import java.io.IOException;

/**
 * A network on its way to be mended.
 *
 * @param network computes in float32 what the original does, as far as the remedies are exact
 * @param scheme what a device can do
 * @param widths of layers that differ from it; set where formats are, kept by what comes later
 * @param policy which outputs it quantizes
 * @param seen what calibration images showed of the network
 * @param spec how it is quantized now
 * @param norms what is known of the layers' values before their clamps from training
 */
public record Mending(
    Network network,
    QuantScheme scheme,
    LayerWidths widths,
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
    return of(network, scheme, LayerWidths.NONE, policy, images.see(network), Norms.of(network));
  }

  private static Mending of(
      Network network,
      QuantScheme scheme,
      LayerWidths widths,
      QuantPolicy policy,
      Seen seen,
      Norms norms) {
    QuantSpec spec = SchemePolicy.spec(network, scheme, widths, policy, seen.tensors());
    return new Mending(network, scheme, widths, policy, seen, spec, norms);
  }

  /** Another network, quantized anew in the same formats. */
  Mending anew(Network other, Seen otherSeen, Norms otherNorms) {
    return of(other, scheme, widths, policy, otherSeen, otherNorms);
  }

  /** The same network, quantized anew in other formats. */
  Mending anew(QuantScheme otherScheme, LayerWidths otherWidths) {
    return of(network, otherScheme, otherWidths, policy, seen, norms);
  }

  /** How a node is quantized, as far as that is not learned. */
  QuantScheme schemeOf(Node node) {
    return widths.of(node.name(), scheme);
  }

  /** What was seen of the channels of a node. */
  Seen.Channels channels(int node) {
    return seen.channels().get(network.graph().node(node).name());
  }

  /** Another network with another spec; what was seen of the first holds for it. */
  public Mending with(Network other, QuantSpec otherSpec) {
    return new Mending(other, scheme, widths, policy, seen, otherSpec, norms);
  }

  Mending with(QuantSpec otherSpec) {
    return with(network, otherSpec);
  }
}
