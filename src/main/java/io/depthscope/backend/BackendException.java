package io.depthscope.backend;

/** What a program runs on has failed: a device, not the program. The message is one line. */
public final class BackendException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public BackendException(String message, Throwable cause) {
    super(message, cause);
  }
}
