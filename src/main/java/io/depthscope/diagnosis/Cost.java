package io.depthscope.diagnosis;

/**
 * What a finding costs the network: its share of the energy of the error at the output.
 *
 * @param share from 0 to 1; what would be gone without the cause, all else as it is
 * @param outputSqnrDb of the output as it is; NaN where that is not known
 */
public record Cost(double share, double outputSqnrDb) {
  /** A share of 1 would cost infinitely much; what is cut out is never known this well. */
  private static final double LARGEST = 0.999;

  public Cost {
    share = share > 0 ? Math.min(LARGEST, share) : 0;
  }

  /** What the SQNR of the output would gain, at least 0. */
  public double db() {
    return share > 0 ? -10 * Math.log10(1 - share) : 0;
  }

  /** The SQNR that the output is predicted to have without the cause. */
  public double predictedSqnrDb() {
    return outputSqnrDb + db();
  }
}
