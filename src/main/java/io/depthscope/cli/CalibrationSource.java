package io.depthscope.cli;

import io.depthscope.dataset.Dataset;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Where ranges come from.
 *
 * @param text identifies the calibration in a manifest and a checkpoint
 * @param images how many of them, from the first on
 * @param file an earlier run's quantization.json, or null
 */
record CalibrationSource(String text, int images, Path file, Opener opener) {

  /** Opens the images. */
  interface Opener {
    Dataset open() throws IOException;
  }

  /**
   * A calibration as a user asks for it.
   *
   * @param spec what the user gave for the images
   */
  static CalibrationSource of(String spec, int images, Path file, Opener opener) {
    String text = file != null ? "quantization " + file : images + " images of " + spec;
    return new CalibrationSource(text, images, file, opener);
  }
}
