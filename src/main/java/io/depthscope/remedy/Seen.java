package io.depthscope.remedy;

import io.depthscope.plan.CalibratedTensor;
import io.depthscope.stats.ChannelMoments;
import java.util.HashMap;
import java.util.Map;

/**
 * What calibration images showed of the float32 network's outputs.
 *
 * @param images how many there were
 * @param tensors ranges and histograms, by node name
 * @param channels figures of each channel, by node name
 */
public record Seen(
    long images, Map<String, CalibratedTensor> tensors, Map<String, Channels> channels) {

  public Seen {
    tensors = Map.copyOf(tensors);
    channels = Map.copyOf(channels);
  }

  /**
   * Of each channel of an output: its range, mean, mean square, and the share of values that are
   * not 0.
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared, never written
  public record Channels(
      double[] min, double[] max, double[] mean, double[] square, double[] active) {

    static Channels of(ChannelMoments moments) {
      int n = moments.channels();
      Channels all =
          new Channels(new double[n], new double[n], new double[n], new double[n], new double[n]);
      double count = Math.max(1, moments.count());
      for (int c = 0; c < n; c++) {
        all.min[c] = moments.min(c);
        all.max[c] = moments.max(c);
        all.mean[c] = moments.mean(c);
        all.square[c] = moments.energy(c) / count;
        all.active[c] = 1 - moments.channel(c).zeros() / count;
      }
      return all;
    }

    int size() {
      return mean.length;
    }

    /** True if the channel had one value wherever it was seen. */
    boolean isConstant(int channel) {
      return min[channel] == max[channel];
    }

    /** How many channels had one value wherever they were seen. */
    int constants() {
      int n = 0;
      for (int c = 0; c < size(); c++) {
        n += isConstant(c) ? 1 : 0;
      }
      return n;
    }

    double variance(int channel) {
      return Math.max(0, square[channel] - mean[channel] * mean[channel]);
    }

    /** Of the tensor. */
    double lowest() {
      double least = Double.POSITIVE_INFINITY;
      for (double v : min) {
        least = Math.min(least, v);
      }
      return least;
    }

    /** Of the tensor. */
    double highest() {
      double most = Double.NEGATIVE_INFINITY;
      for (double v : max) {
        most = Math.max(most, v);
      }
      return most;
    }

    /** The same where each channel is divided by a number above 0. */
    Channels over(double[] divisors) {
      int n = size();
      Channels all =
          new Channels(new double[n], new double[n], new double[n], new double[n], active.clone());
      for (int c = 0; c < n; c++) {
        double d = divisors[c];
        all.min[c] = min[c] / d;
        all.max[c] = max[c] / d;
        all.mean[c] = mean[c] / d;
        all.square[c] = square[c] / (d * d);
      }
      return all;
    }

    /** The same where a channel has one value. */
    Channels constant(int channel, double value) {
      Channels all =
          new Channels(min.clone(), max.clone(), mean.clone(), square.clone(), active.clone());
      all.min[channel] = value;
      all.max[channel] = value;
      all.mean[channel] = value;
      all.square[channel] = value * value;
      all.active[channel] = value == 0 ? 0 : 1;
      return all;
    }
  }

  /** The same with other figures of channels; ranges and histograms stay what they were. */
  Seen with(Map<String, Channels> changed) {
    Map<String, Channels> all = new HashMap<>(channels);
    all.putAll(changed);
    return new Seen(images, tensors, all);
  }
}
