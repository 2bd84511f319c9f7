package io.depthscope.run;

import io.depthscope.dataset.Samples;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where ranges come from.
 *
 * @param text identifies the calibration in a manifest and a checkpoint
 * @param images how many of them, from the first on
 * @param file an earlier run's quantization.json that has them; empty: they are measured
 * @param opener of the images to measure
 */
public record CalibrationSource(String text, int images, Optional<Path> file, Opener opener) {

  /** Opens the images. */
  public interface Opener {
    Samples open() throws IOException;
  }

  /**
   * A calibration as a user asks for it.
   *
   * @param spec what the user gave for the images
   */
  public static CalibrationSource of(String spec, int images, Optional<Path> file, Opener opener) {
    String text = file.map(f -> "quantization " + f).orElse(images + " images of " + spec);
    return new CalibrationSource(text, images, file, opener);
  }
}
