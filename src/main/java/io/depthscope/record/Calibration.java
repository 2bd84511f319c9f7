package io.depthscope.record;

import io.depthscope.plan.CalibratedTensor;
import io.depthscope.plan.Plan;
import io.depthscope.quant.Range;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.NetworkAccumulator;
import io.depthscope.stats.TensorStatistics;
import java.io.IOException;
import java.util.LinkedHashMap;
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

  /**
   * Of a pass that has run.
   *
   * @param fp32 what was run
   * @param seen its statistics
   * @param source description of the images
   * @throws IOException if an activation is NaN or infinite
   */
  public static Calibration of(Plan fp32, NetworkAccumulator seen, String source)
      throws IOException {
    Map<String, CalibratedTensor> tensors = new LinkedHashMap<>();
    for (int i = 0; i < seen.size(); i++) {
      LayerAccumulator layer = seen.layer(i);
      String name = fp32.step(i).node().name();
      TensorStatistics s = layer.baseline().layer();
      if (s.nans() + s.infinities() > 0) {
        throw new IOException(
            "layer "
                + name
                + " has "
                + (s.nans() + s.infinities())
                + " NaN or infinite activations in float32; it cannot be calibrated");
      }
      tensors.put(name, new CalibratedTensor(new Range(s.min(), s.max()), layer.histogram()));
    }
    return new Calibration(seen.images(), source, Map.of(), tensors);
  }

  /** The same calibration with what it depends on. */
  public Calibration withInputs(Map<String, String> inputs) {
    return new Calibration(images, source, Map.copyOf(inputs), tensors);
  }
}
