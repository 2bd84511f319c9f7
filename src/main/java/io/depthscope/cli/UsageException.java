package io.depthscope.cli;

/** A command line that asks for something there is not; the message is one line. Exit code 2. */
final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }

  UsageException(IllegalArgumentException cause) {
    super(cause.getMessage(), cause);
  }

  /**
   * @throws UsageException if the value is below 1
   */
  static void requirePositive(String option, int value) {
    if (value < 1) {
      throw new UsageException(option + " must be at least 1, got " + value);
    }
  }
}
