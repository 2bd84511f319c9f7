package io.depthscope.backend;

import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.plan.Streams;

/**
 * A backend cannot run a plan, or what it runs on has failed: a device, not the program. The
 * message is one line.
 */
public final class BackendException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final boolean missing;

  public BackendException(String message, Throwable cause) {
    this(message, cause, false);
  }

  private BackendException(String message, Throwable cause, boolean missing) {
    super(message, cause);
    this.missing = missing;
  }

  /** A network that a backend cannot run yet, such as one with a dilated convolution. */
  public static BackendException missing(String backend, String layer, String what) {
    return new BackendException(
        "layer " + layer + ": " + what + " is not on the " + backend + " backend yet", null, true);
  }

  /**
   * Refuses all streams but the usual ones, and either of them alone, on a backend that has no
   * others.
   *
   * @throws BackendException naming the streams
   */
  public static void requireQuantization(String backend, Plan plan) {
    if (plan.recording() != Recording.PLAIN && !plan.streams().equals(Streams.QUANTIZATION)) {
      throw new BackendException(
          plan.streams() + " is not on the " + backend + " backend yet", null, true);
    }
  }

  /** True if the backend lacks an operation, rather than something having failed. */
  public boolean isMissing() {
    return missing;
  }
}
