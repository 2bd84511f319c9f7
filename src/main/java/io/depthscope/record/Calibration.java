package io.depthscope.record;

import io.depthscope.plan.CalibratedTensor;
import java.util.Map;

/**
 * What one pass of the fp32 network over the calibration images saw: enough for every range
 * estimator at every bit width.
 *
 * @param images number of images seen
 * @param source description of the images, for provenance
 * @param inputs what else the ranges depend on: the weights, the preprocessing; by name
 * @param tensors by node name
 */
public record Calibration(
    long images, String source, Map<String, String> inputs, Map<String, CalibratedTensor> tensors) {

  /** The same calibration with what it depends on. */
  public Calibration withInputs(Map<String, String> inputs) {
    return new Calibration(images, source, Map.copyOf(inputs), tensors);
  }
}
