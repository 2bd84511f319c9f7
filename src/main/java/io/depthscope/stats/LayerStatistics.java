package io.depthscope.stats;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;

/**
 * What is known of one layer from some images, per channel: both streams and their error. A value
 * that is joined with that of other images. Joining rounds, so its order matters to the last bits;
 * {@link BlockTree} fixes it.
 */
public final class LayerStatistics {

  /**
   * Doubles of state a channel, for a backend that merges images on its own device: nine of each
   * stream ({@link ChannelMoments}), error sum, error squares, max |e|, saturated, and the energies
   * of the four sources, 0 where they are not recorded.
   */
  public static final int STATE_FIELDS =
      2 * ChannelMoments.STATE_FIELDS + ChannelErrors.FIELDS + ErrorTerm.values().length;

  private final ChannelMoments baseline;
  private final ChannelMoments candidate;
  private final ChannelErrors error;

  /** Statistics of no images. */
  LayerStatistics(int channels, boolean errorTerms) {
    baseline = new ChannelMoments(channels);
    candidate = new ChannelMoments(channels);
    error = new ChannelErrors(channels, errorTerms);
  }

  /** The baseline, per channel. */
  public ChannelMoments baseline() {
    return baseline;
  }

  /** The candidate, per channel; of no values where there is none. */
  public ChannelMoments candidate() {
    return candidate;
  }

  /**
   * Joins one image.
   *
   * @param paired whether the candidate and the errors were filled in
   */
  void add(ImageSums image, boolean paired) {
    baseline.add(image.baseline);
    if (paired) {
      candidate.add(image.candidate);
      error.add(image);
    }
  }

  /** Joins the statistics of later images. */
  void add(LayerStatistics later) {
    baseline.add(later.baseline);
    candidate.add(later.candidate);
    error.add(later.error);
  }

  /** Error of the channels {@code from..to-1} together. */
  public ErrorSums error(int from, int to) {
    double signal = 0;
    double quantizedSignal = 0;
    double noise = 0;
    double sum = 0;
    double maxAbs = 0;
    long clamped = 0;
    Map<ErrorTerm, Double> energies = new EnumMap<>(ErrorTerm.class);
    for (int c = from; c < to; c++) {
      // Where every xq is 0, e is -x: one sum for both energies, so that their ratio is 1.
      signal += candidate.isZero(c) ? error.squares[c] : baseline.energy(c);
      quantizedSignal += candidate.energy(c);
      noise += error.squares[c];
      sum += error.sum[c];
      maxAbs = Math.max(maxAbs, error.maxAbs[c]);
      clamped += error.saturated[c];
      for (int t = 0; t < error.terms.length; t++) {
        energies.merge(ErrorTerm.values()[t], error.terms[t][c], Double::sum);
      }
    }
    long n = candidate.count() * (to - from);
    return new ErrorSums(n, signal, quantizedSignal, noise, sum, maxAbs, clamped, energies);
  }

  /**
   * Writes the state of all channels as [field][stride] doubles, {@link #STATE_FIELDS} fields, the
   * first channel at {@code first}.
   */
  public void exportState(double[] to, int first, int stride) {
    baseline.exportState(to, first, stride);
    candidate.exportState(to, first + ChannelMoments.STATE_FIELDS * stride, stride);
    error.exportState(to, first + 2 * ChannelMoments.STATE_FIELDS * stride, stride);
  }

  /**
   * Replaces the state by one in the layout of {@link #exportState}.
   *
   * @param count values a channel of the baseline, and of the candidate if {@code paired}
   */
  void importState(long count, boolean paired, double[] from, int first, int stride) {
    baseline.importState(count, from, first, stride);
    if (paired) {
      candidate.importState(count, from, first + ChannelMoments.STATE_FIELDS * stride, stride);
      error.importState(from, first + 2 * ChannelMoments.STATE_FIELDS * stride, stride);
    }
  }

  void write(DataOutput out) throws IOException {
    baseline.write(out);
    candidate.write(out);
    error.write(out);
  }

  void read(DataInput in) throws IOException {
    baseline.read(in);
    candidate.read(in);
    error.read(in);
  }
}
