package io.depthscope.stats;

/** Where a figure lies at a level of confidence. */
public record Interval(double low, double high) {

  /** True if it lies on one side of 0, ends excluded. */
  public boolean excludesZero() {
    return low > 0 || high < 0;
  }

  /** True if nothing in it is further from 0 than this. */
  public boolean isWithin(double distance) {
    return low >= -distance && high <= distance;
  }
}
