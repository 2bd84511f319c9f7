package io.depthscope.stats;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The running statistics of one layer: image sums go in, in image order; statistics come out.
 * Histograms are integer counts that a backend adds in any order.
 */
public final class LayerAccumulator {

  private static final int ERROR_FIELDS = 4;

  /**
   * Doubles of state a channel, for a backend that merges images on its own device: nine of each
   * stream ({@link ChannelMoments}), error sum, error squares, max |e|, saturated, and the energies
   * of the four sources, 0 where they are not recorded.
   */
  public static final int STATE_FIELDS =
      2 * ChannelMoments.STATE_FIELDS + ERROR_FIELDS + ErrorTerm.values().length;

  /** How many images are remembered at either end of a layer's range. */
  public static final int EXTREMES = 3;

  private final int channels;
  private final ChannelMoments fp32;
  private final ChannelMoments quantized;
  private final double[] errorSum;
  private final double[] errorSquares;
  private final float[] errorMaxAbs;
  private final long[] saturated;
  private final double[][] terms;
  private final BitHistogram histogram = new BitHistogram();
  private final long[] codes;
  private final List<Extreme> highest = new ArrayList<>();
  private final List<Extreme> lowest = new ArrayList<>();

  /**
   * @param codeCount number of codes of the layer's output, 0 when it is not quantized
   */
  public LayerAccumulator(int channels, int codeCount, boolean errorTerms) {
    this.channels = channels;
    fp32 = new ChannelMoments(channels);
    quantized = new ChannelMoments(channels);
    errorSum = new double[channels];
    errorSquares = new double[channels];
    errorMaxAbs = new float[channels];
    saturated = new long[channels];
    terms = new double[errorTerms ? ErrorTerm.values().length : 0][channels];
    codes = new long[codeCount];
  }

  public int channels() {
    return channels;
  }

  /** The fp32 stream, per channel. */
  public ChannelMoments fp32() {
    return fp32;
  }

  /** The quantized stream, per channel. */
  public ChannelMoments quantized() {
    return quantized;
  }

  /** Bit histogram of the fp32 stream. */
  public BitHistogram histogram() {
    return histogram;
  }

  /** Live counts of the quantized stream's codes; index 0 is qmin. Empty when not quantized. */
  public long[] codes() {
    return codes;
  }

  /** Images with the largest fp32 values, largest first, ties in image order. */
  public List<Extreme> highest() {
    return List.copyOf(highest);
  }

  /** Images with the smallest fp32 values, smallest first, ties in image order. */
  public List<Extreme> lowest() {
    return List.copyOf(lowest);
  }

  /**
   * Merges one image.
   *
   * @param image index in the data set; images come in ascending order
   * @param paired whether the quantized stream and the errors were filled in
   */
  public void add(int image, ImageSums sums, boolean paired) {
    fp32.add(sums.fp32);
    float lo = Float.POSITIVE_INFINITY;
    float hi = Float.NEGATIVE_INFINITY;
    for (int c = 0; c < channels; c++) {
      lo = Math.min(lo, sums.fp32.min[c]);
      hi = Math.max(hi, sums.fp32.max[c]);
    }
    addRange(image, lo, hi);
    if (!paired) {
      return;
    }
    quantized.add(sums.quantized);
    for (int c = 0; c < channels; c++) {
      errorSum[c] += sums.errorSum[c];
      errorSquares[c] += sums.errorSquares[c];
      errorMaxAbs[c] = Math.max(errorMaxAbs[c], sums.errorMaxAbs[c]);
      saturated[c] += sums.saturated[c];
    }
    for (int t = 0; t < terms.length; t++) {
      for (int c = 0; c < channels; c++) {
        terms[t][c] += sums.terms[t][c];
      }
    }
  }

  /**
   * Remembers an image's fp32 range where it is among the widest; images come in ascending order.
   */
  public void addRange(int image, float lo, float hi) {
    keep(highest, new Extreme(image, hi), Comparator.comparingDouble(e -> -e.value()));
    keep(lowest, new Extreme(image, lo), Comparator.comparingDouble(Extreme::value));
  }

  /**
   * Writes the state of all channels as [field][stride] doubles, {@link #STATE_FIELDS} fields, the
   * first channel at {@code first}. Histograms and extreme images are not part of it.
   */
  public void exportState(double[] to, int first, int stride) {
    fp32.exportState(to, first, stride);
    quantized.exportState(to, first + ChannelMoments.STATE_FIELDS * stride, stride);
    int at = first + 2 * ChannelMoments.STATE_FIELDS * stride;
    for (int c = 0; c < channels; c++, at++) {
      to[at] = errorSum[c];
      to[at + stride] = errorSquares[c];
      to[at + 2 * stride] = errorMaxAbs[c];
      to[at + 3 * stride] = saturated[c];
      for (int t = 0; t < ErrorTerm.values().length; t++) {
        to[at + (ERROR_FIELDS + t) * stride] = terms.length == 0 ? 0 : terms[t][c];
      }
    }
  }

  /**
   * Replaces the state by one in the layout of {@link #exportState}.
   *
   * @param count values a channel of the fp32 stream, and of the quantized one if {@code paired}
   */
  public void importState(long count, boolean paired, double[] from, int first, int stride) {
    fp32.importState(count, from, first, stride);
    if (!paired) {
      return;
    }
    quantized.importState(count, from, first + ChannelMoments.STATE_FIELDS * stride, stride);
    int at = first + 2 * ChannelMoments.STATE_FIELDS * stride;
    for (int c = 0; c < channels; c++, at++) {
      errorSum[c] = from[at];
      errorSquares[c] = from[at + stride];
      errorMaxAbs[c] = (float) from[at + 2 * stride];
      saturated[c] = (long) from[at + 3 * stride];
      for (int t = 0; t < terms.length; t++) {
        terms[t][c] = from[at + (ERROR_FIELDS + t) * stride];
      }
    }
  }

  private static void keep(List<Extreme> list, Extreme candidate, Comparator<Extreme> order) {
    int at = list.size();
    while (at > 0 && order.compare(candidate, list.get(at - 1)) < 0) {
      at--;
    }
    list.add(at, candidate);
    if (list.size() > EXTREMES) {
      list.removeLast();
    }
  }

  /** Error of channel {@code c}. */
  public ErrorSums channelError(int c) {
    return error(c, c + 1);
  }

  /** Error of the whole layer. */
  public ErrorSums layerError() {
    return error(0, channels);
  }

  private ErrorSums error(int from, int to) {
    double signal = 0;
    double quantizedSignal = 0;
    double noise = 0;
    double sum = 0;
    double maxAbs = 0;
    long clamped = 0;
    Map<ErrorTerm, Double> energies = new EnumMap<>(ErrorTerm.class);
    for (int c = from; c < to; c++) {
      // Where every xq is 0, e is -x: one sum for both energies, so that their ratio is 1.
      signal += quantized.isZero(c) ? errorSquares[c] : fp32.energy(c);
      quantizedSignal += quantized.energy(c);
      noise += errorSquares[c];
      sum += errorSum[c];
      maxAbs = Math.max(maxAbs, errorMaxAbs[c]);
      clamped += saturated[c];
      for (int t = 0; t < terms.length; t++) {
        energies.merge(ErrorTerm.values()[t], terms[t][c], Double::sum);
      }
    }
    long n = quantized.count() * (to - from);
    return new ErrorSums(n, signal, quantizedSignal, noise, sum, maxAbs, clamped, energies);
  }

  void write(DataOutput out) throws IOException {
    fp32.write(out);
    quantized.write(out);
    for (int c = 0; c < channels; c++) {
      out.writeDouble(errorSum[c]);
      out.writeDouble(errorSquares[c]);
      out.writeFloat(errorMaxAbs[c]);
      out.writeLong(saturated[c]);
      for (double[] t : terms) {
        out.writeDouble(t[c]);
      }
    }
    writeSparse(out, histogram.counts());
    writeSparse(out, codes);
    writeExtremes(out, highest);
    writeExtremes(out, lowest);
  }

  void read(DataInput in) throws IOException {
    fp32.read(in);
    quantized.read(in);
    for (int c = 0; c < channels; c++) {
      errorSum[c] = in.readDouble();
      errorSquares[c] = in.readDouble();
      errorMaxAbs[c] = in.readFloat();
      saturated[c] = in.readLong();
      for (double[] t : terms) {
        t[c] = in.readDouble();
      }
    }
    readSparse(in, histogram.counts());
    readSparse(in, codes);
    readExtremes(in, highest);
    readExtremes(in, lowest);
  }

  private static void writeSparse(DataOutput out, long[] counts) throws IOException {
    out.writeInt((int) Arrays.stream(counts).filter(c -> c != 0).count());
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] != 0) {
        out.writeInt(i);
        out.writeLong(counts[i]);
      }
    }
  }

  private static void readSparse(DataInput in, long[] counts) throws IOException {
    Arrays.fill(counts, 0);
    int entries = in.readInt();
    for (int i = 0; i < entries; i++) {
      int bin = in.readInt();
      if (bin < 0 || bin >= counts.length) {
        throw new IOException("histogram bin " + bin + " of " + counts.length);
      }
      counts[bin] = in.readLong();
      if (counts[bin] < 0) {
        throw new IOException("negative count in a histogram");
      }
    }
  }

  private static void writeExtremes(DataOutput out, List<Extreme> list) throws IOException {
    out.writeInt(list.size());
    for (Extreme e : list) {
      out.writeInt(e.image());
      out.writeFloat(e.value());
    }
  }

  private static void readExtremes(DataInput in, List<Extreme> list) throws IOException {
    list.clear();
    int n = in.readInt();
    if (n < 0 || n > EXTREMES) {
      throw new IOException(n + " extreme images");
    }
    for (int i = 0; i < n; i++) {
      list.add(new Extreme(in.readInt(), in.readFloat()));
    }
  }
}
