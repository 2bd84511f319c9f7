package io.depthscope.stats;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.List;

/**
 * How far the network's outputs are off, whatever they mean: sums of |e| with e = xq - x, added up
 * image by image in order, and along the {@link BlockTree}. The other figures of an output are
 * those of its layer.
 */
public final class OutputSums {
  private final int[] sizes;
  private final BlockTree<double[]> tree;
  private long images;

  private record SumsOfBlocks(int outputs) implements BlockTree.Kind<double[]> {
    @Override
    public double[] empty() {
      return new double[outputs];
    }

    @Override
    public void join(double[] earlier, double[] later) {
      for (int o = 0; o < outputs; o++) {
        earlier[o] += later[o];
      }
    }

    @Override
    public void write(double[] sums, DataOutput out) throws IOException {
      for (double s : sums) {
        out.writeDouble(s);
      }
    }

    @Override
    public void read(double[] sums, DataInput in) throws IOException {
      for (int o = 0; o < outputs; o++) {
        sums[o] = in.readDouble();
      }
    }
  }

  /**
   * @param sizes values of each output for one image
   */
  public OutputSums(List<Integer> sizes) {
    this.sizes = sizes.stream().mapToInt(Integer::intValue).toArray();
    this.tree = new BlockTree<>(new SumsOfBlocks(sizes.size()));
  }

  /**
   * Adds an image.
   *
   * @param x fp32 outputs of all images of the batch, each image's one after the other
   * @param xq quantized outputs, likewise
   * @param offset where this image's begin
   * @return SQNR in dB of the image's output that has the lowest; NaN where one holds a NaN
   */
  public double add(int index, float[] x, float[] xq, int offset) {
    double[] absolute = tree.at(index);
    double lowest = Double.POSITIVE_INFINITY;
    int at = offset;
    for (int o = 0; o < sizes.length; o++) {
      double signal = 0;
      double noise = 0;
      double sum = 0;
      for (int end = at + sizes[o]; at < end; at++) {
        double e = (double) xq[at] - x[at];
        signal += (double) x[at] * x[at];
        noise += e * e;
        sum += Math.abs(e);
      }
      absolute[o] += sum;
      lowest = Math.min(lowest, ErrorSums.sqnrDb(signal, noise));
    }
    images++;
    return lowest;
  }

  public long images() {
    return images;
  }

  /** Mean of |e| over the values of an output. */
  public double meanAbs(int output) {
    return tree.total()[output] / ((double) images * sizes[output]);
  }

  /**
   * Joins the sums of other blocks of images; {@code other} is used up.
   *
   * @throws IllegalArgumentException if a block is in both
   */
  public void merge(OutputSums other) {
    tree.merge(other.tree);
    images += other.images;
  }

  /** Writes the exact sums. */
  public void write(DataOutput out) throws IOException {
    out.writeInt(sizes.length);
    out.writeLong(images);
    tree.write(out);
  }

  /**
   * Replaces the sums by written ones.
   *
   * @throws IOException if they are those of another number of outputs
   */
  public void read(DataInput in) throws IOException {
    int outputs = in.readInt();
    if (outputs != sizes.length) {
      throw new IOException("sums of " + outputs + " outputs, not of " + sizes.length);
    }
    images = in.readLong();
    tree.read(in);
  }
}
