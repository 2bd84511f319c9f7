package io.depthscope.device;

import java.util.Locale;

/**
 * What a device is.
 *
 * @param ordinal its number, as {@code --device} takes it
 * @param major compute capability, first digit
 * @param minor compute capability, second digit
 * @param multiprocessors streaming multiprocessors
 * @param memoryBytes device memory in all
 * @param sharedBytesPerBlock shared memory a block may use without asking for more
 * @param driverVersion as the driver encodes it: 12060 is 12.6
 */
public record DeviceInfo(
    int ordinal,
    String name,
    int major,
    int minor,
    int multiprocessors,
    long memoryBytes,
    int sharedBytesPerBlock,
    int driverVersion) {

  /** Compute capability as one number: 75, 90. */
  public int capability() {
    return 10 * major + minor;
  }

  /** The driver's CUDA version, such as {@code 12.6}. */
  public String driverText() {
    return cudaVersion(driverVersion);
  }

  /** A version as the driver encodes it, in words: 12060 is 12.6. */
  public static String cudaVersion(int encoded) {
    return encoded / 1000 + "." + encoded % 1000 / 10;
  }

  /** For manifests: name, capability, multiprocessors, memory, driver. */
  public String text() {
    return String.format(
        Locale.ROOT,
        "%s, sm_%d, %d multiprocessors, %.1f GiB, driver for CUDA %s",
        name,
        capability(),
        multiprocessors,
        memoryBytes / (double) (1L << 30),
        driverText());
  }
}
