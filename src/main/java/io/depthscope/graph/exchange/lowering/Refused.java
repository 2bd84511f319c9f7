package io.depthscope.graph.exchange.lowering;

/** Why a node or tensor of a file cannot be used; becomes part of a line that names both. */
public final class Refused extends RuntimeException {
  private static final long serialVersionUID = 1;

  public Refused(String reason) {
    super(reason);
  }

  public Refused(String reason, Throwable cause) {
    super(reason, cause);
  }

  /** What is no defect of the file. */
  static Refused notYet() {
    return new Refused("cannot run yet");
  }
}
