package io.depthscope.cli;

import io.depthscope.dataset.Dataset;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Where ranges come from.
 *
 * @param spec what the user gave for the images
 * @param images how many of them, from the first on
 * @param file an earlier run's quantization.json, or null
 */
record CalibrationSource(String spec, int images, Path file, Opener opener) {

  /** Opens the images. */
  interface Opener {
    Dataset open() throws IOException;
  }

  /** Identifies the calibration in a manifest and a checkpoint. */
  String text() {
    return file != null ? "quantization " + file : images + " images of " + spec;
  }
}
