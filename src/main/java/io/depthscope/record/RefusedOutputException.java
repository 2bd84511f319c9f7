package io.depthscope.record;

import java.io.IOException;

/**
 * What was named to be written holds something that may not be replaced. Nothing was touched; the
 * message is one line that names it and what to do.
 */
public final class RefusedOutputException extends IOException {
  private static final long serialVersionUID = 1L;

  public RefusedOutputException(String message) {
    super(message);
  }
}
