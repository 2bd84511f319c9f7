package io.depthscope.quant;

import io.depthscope.stats.BitHistogram;

/** The non-empty bins of a histogram with the value each stands for. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Occupied(float[] values, long[] counts) {

  static Occupied of(BitHistogram histogram) {
    int[] bins = BitHistogram.ascendingBins();
    int n = 0;
    for (int bin : bins) {
      if (histogram.counts()[bin] != 0) {
        n++;
      }
    }
    float[] values = new float[n];
    long[] counts = new long[n];
    int i = 0;
    for (int bin : bins) {
      if (histogram.counts()[bin] != 0) {
        values[i] = (float) BitHistogram.representative(bin);
        counts[i++] = histogram.counts()[bin];
      }
    }
    return new Occupied(values, counts);
  }

  /** Squared error of quantizing every value. */
  double noise(QuantParams params) {
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      double e = (double) params.fakeQuantize(values[i]) - values[i];
      sum += counts[i] * e * e;
    }
    return sum;
  }
}
