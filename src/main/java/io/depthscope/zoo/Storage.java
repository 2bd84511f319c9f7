package io.depthscope.zoo;

/**
 * Which parameters a file holds for a layer beside its kernel.
 *
 * @param batchNorm gamma, beta, mean and variance of a batch norm, to be folded into the kernel
 * @param bias one value per output channel
 */
public record Storage(boolean batchNorm, boolean bias) {
  public static final Storage BATCH_NORM = new Storage(true, false);
  public static final Storage BIAS = new Storage(false, true);

  /** The kernel alone. */
  public static final Storage BARE = new Storage(false, false);
}
