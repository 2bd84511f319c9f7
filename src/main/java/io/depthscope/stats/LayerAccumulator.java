package io.depthscope.stats;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The running statistics of one layer: image sums go in, in image order; {@link LayerStatistics}
 * come out. What is exact in any order lies beside their tree: integer counts, and the images that
 * set the range.
 */
public final class LayerAccumulator {

  /** How many images are remembered at either end of a layer's range. */
  public static final int EXTREMES = 3;

  private static final Comparator<Extreme> LOWEST_FIRST =
      Comparator.comparingDouble(Extreme::value).thenComparingInt(Extreme::image);

  private static final Comparator<Extreme> HIGHEST_FIRST =
      Comparator.<Extreme>comparingDouble(e -> -e.value()).thenComparingInt(Extreme::image);

  private final int channels;
  private final BlockTree<LayerStatistics> tree;
  private final BitHistogram histogram = new BitHistogram();
  private final long[] codes;
  private final List<Extreme> highest = new ArrayList<>();
  private final List<Extreme> lowest = new ArrayList<>();

  /**
   * @param codeCount number of codes of the layer's output, 0 when it is not quantized
   */
  public LayerAccumulator(int channels, int codeCount, boolean errorTerms) {
    this.channels = channels;
    tree = new BlockTree<>(new Parts(channels, errorTerms));
    codes = new long[codeCount];
  }

  public int channels() {
    return channels;
  }

  private record Parts(int channels, boolean errorTerms)
      implements BlockTree.Kind<LayerStatistics> {
    @Override
    public LayerStatistics empty() {
      return new LayerStatistics(channels, errorTerms);
    }

    @Override
    public void join(LayerStatistics earlier, LayerStatistics later) {
      earlier.add(later);
    }

    @Override
    public void write(LayerStatistics part, DataOutput out) throws IOException {
      part.write(out);
    }

    @Override
    public void read(LayerStatistics part, DataInput in) throws IOException {
      part.read(in);
    }
  }

  /** Statistics of all images so far. */
  public LayerStatistics total() {
    return tree.total();
  }

  /** The baseline, per channel. */
  public ChannelMoments baseline() {
    return total().baseline();
  }

  /** The candidate, per channel. */
  public ChannelMoments candidate() {
    return total().candidate();
  }

  /** Bit histogram of the baseline. */
  public BitHistogram histogram() {
    return histogram;
  }

  /** Live counts of the candidate's codes; index 0 is qmin. Empty when not quantized. */
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
   * @param paired whether the candidate and the errors were filled in
   */
  public void add(int image, ImageSums sums, boolean paired) {
    tree.at(image).add(sums, paired);
    float lo = Float.POSITIVE_INFINITY;
    float hi = Float.NEGATIVE_INFINITY;
    for (int c = 0; c < channels; c++) {
      lo = Math.min(lo, sums.baseline.min[c]);
      hi = Math.max(hi, sums.baseline.max[c]);
    }
    addRange(image, lo, hi);
  }

  /** Remembers an image's fp32 range where it is among the widest; in any order of the images. */
  public void addRange(int image, float lo, float hi) {
    keep(highest, new Extreme(image, hi), HIGHEST_FIRST);
    keep(lowest, new Extreme(image, lo), LOWEST_FIRST);
  }

  /** The block of images that is being filled; -1 before the first image. */
  public int block() {
    return tree.block();
  }

  /** Begins a block of images, unless it is the one that is being filled. */
  void open(int block) {
    tree.open(block);
  }

  /** The statistics of that block, as they stand. */
  public LayerStatistics current() {
    return tree.current();
  }

  /**
   * Replaces the statistics of a block, the one that is being filled or a new one, by a state in
   * the layout of {@link LayerStatistics#exportState}.
   *
   * @param count values a channel of the baseline, and of the candidate if {@code paired}
   */
  public void importBlock(
      int block, long count, boolean paired, double[] from, int first, int stride) {
    tree.open(block);
    tree.current().importState(count, paired, from, first, stride);
  }

  /**
   * Joins the statistics of other blocks of images; {@code other} is used up.
   *
   * @throws IllegalArgumentException if a block is in both
   */
  void merge(LayerAccumulator other) {
    tree.merge(other.tree);
    histogram.merge(other.histogram);
    for (int i = 0; i < codes.length; i++) {
      codes[i] += other.codes[i];
    }
    other.highest.forEach(e -> keep(highest, e, HIGHEST_FIRST));
    other.lowest.forEach(e -> keep(lowest, e, LOWEST_FIRST));
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
    return total().error(c, c + 1);
  }

  /** Error of the whole layer. */
  public ErrorSums layerError() {
    return total().error(0, channels);
  }

  void write(DataOutput out) throws IOException {
    tree.write(out);
    writeSparse(out, histogram.counts());
    writeSparse(out, codes);
    writeExtremes(out, highest);
    writeExtremes(out, lowest);
  }

  void read(DataInput in) throws IOException {
    tree.read(in);
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
