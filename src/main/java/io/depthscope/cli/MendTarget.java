package io.depthscope.cli;

import picocli.CommandLine.Option;

/** When a mended network is good enough. */
final class MendTarget {
  private static final String USUAL = "1%";

  @Option(
      names = "--target",
      paramLabel = "P",
      description =
          "Stop where no more accuracy is lost than this, relative to the fp32 network. Default:"
              + " "
              + USUAL
              + ".")
  private String target;

  /** True if the user said it. */
  boolean given() {
    return target != null;
  }

  /** Accuracy that may be lost, as a share of the original's. */
  double share() {
    String text = given() ? target : USUAL;
    String number = text.endsWith("%") ? text.substring(0, text.length() - 1) : text;
    try {
      double percent = Double.parseDouble(number);
      if (percent >= 0 && percent <= 100) {
        return percent / 100;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new UsageException("--target must be a share such as 1%, got " + text);
  }
}
