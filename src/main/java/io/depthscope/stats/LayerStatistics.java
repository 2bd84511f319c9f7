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

  private final ChannelMoments fp32;
  private final ChannelMoments quantized;
  private final ChannelErrors error;

  /** Statistics of no images. */
  LayerStatistics(int channels, boolean errorTerms) {
    fp32 = new ChannelMoments(channels);
    quantized = new ChannelMoments(channels);
    error = new ChannelErrors(channels, errorTerms);
  }

  /** The fp32 stream, per channel. */
  public ChannelMoments fp32() {
    return fp32;
  }

  /** The quantized stream, per channel; of no values where there is none. */
  public ChannelMoments quantized() {
    return quantized;
  }

  /**
   * Joins one image.
   *
   * @param paired whether the quantized stream and the errors were filled in
   */
  void add(ImageSums image, boolean paired) {
    fp32.add(image.fp32);
    if (paired) {
      quantized.add(image.quantized);
      error.add(image);
    }
  }

  /** Joins the statistics of later images. */
  void add(LayerStatistics later) {
    fp32.add(later.fp32);
    quantized.add(later.quantized);
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
      signal += quantized.isZero(c) ? error.squares[c] : fp32.energy(c);
      quantizedSignal += quantized.energy(c);
      noise += error.squares[c];
      sum += error.sum[c];
      maxAbs = Math.max(maxAbs, error.maxAbs[c]);
      clamped += error.saturated[c];
      for (int t = 0; t < error.terms.length; t++) {
        energies.merge(ErrorTerm.values()[t], error.terms[t][c], Double::sum);
      }
    }
    long n = quantized.count() * (to - from);
    return new ErrorSums(n, signal, quantizedSignal, noise, sum, maxAbs, clamped, energies);
  }

  /**
   * Writes the state of all channels as [field][stride] doubles, {@link #STATE_FIELDS} fields, the
   * first channel at {@code first}.
   */
  public void exportState(double[] to, int first, int stride) {
    fp32.exportState(to, first, stride);
    quantized.exportState(to, first + ChannelMoments.STATE_FIELDS * stride, stride);
    error.exportState(to, first + 2 * ChannelMoments.STATE_FIELDS * stride, stride);
  }

  /**
   * Replaces the state by one in the layout of {@link #exportState}.
   *
   * @param count values a channel of the fp32 stream, and of the quantized one if {@code paired}
   */
  void importState(long count, boolean paired, double[] from, int first, int stride) {
    fp32.importState(count, from, first, stride);
    if (paired) {
      quantized.importState(count, from, first + ChannelMoments.STATE_FIELDS * stride, stride);
      error.importState(from, first + 2 * ChannelMoments.STATE_FIELDS * stride, stride);
    }
  }

  void write(DataOutput out) throws IOException {
    fp32.write(out);
    quantized.write(out);
    error.write(out);
  }

  void read(DataInput in) throws IOException {
    fp32.read(in);
    quantized.read(in);
    error.read(in);
  }
}
