package io.depthscope.stats;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/**
 * What the predictions of all images say of the network: its figures, added up image by image in
 * order, and along the {@link BlockTree}.
 *
 * <p>With p and pq the softmax of the fp32 and the quantized logits (computed in double): QMSE is
 * the mean over images and classes of (p - pq)^2, QCE the mean over images of -sum p ln max(pq,
 * 1e-12). An image whose logits hold a NaN counts as wrong and agrees with nothing.
 */
public final class PredictionSums {
  private static final double SMALLEST_PROBABILITY = 1e-12;

  private long images;
  private long labelled;
  private long top1Fp32;
  private long top1Quantized;
  private long top5Fp32;
  private long top5Quantized;
  private long agreement;
  private int classes;
  private final BlockTree<Sums> tree = new BlockTree<>(new SumsOfBlocks());

  /** What is added up over images, of their classes. */
  private static final class Sums {
    double squaredDifference;
    double crossEntropy;
    double signal;
    double noise;

    void add(Sums later) {
      squaredDifference += later.squaredDifference;
      crossEntropy += later.crossEntropy;
      signal += later.signal;
      noise += later.noise;
    }
  }

  private record SumsOfBlocks() implements BlockTree.Kind<Sums> {
    @Override
    public Sums empty() {
      return new Sums();
    }

    @Override
    public void join(Sums earlier, Sums later) {
      earlier.add(later);
    }

    @Override
    public void write(Sums s, DataOutput out) throws IOException {
      out.writeDouble(s.squaredDifference);
      out.writeDouble(s.crossEntropy);
      out.writeDouble(s.signal);
      out.writeDouble(s.noise);
    }

    @Override
    public void read(Sums s, DataInput in) throws IOException {
      s.squaredDifference = in.readDouble();
      s.crossEntropy = in.readDouble();
      s.signal = in.readDouble();
      s.noise = in.readDouble();
    }
  }

  /**
   * Adds an image.
   *
   * @param image its name
   * @param label -1 where it is not known
   * @param x fp32 logits of all images of the batch
   * @param xq quantized logits, likewise
   * @param offset where this image's begin
   * @param n number of classes
   */
  public Prediction add(
      int index, String image, int label, float[] x, float[] xq, int offset, int n) {
    classes = n;
    images++;
    labelled += label >= 0 ? 1 : 0;
    int best = rank(x, offset, n, label, true);
    int bestQuantized = rank(xq, offset, n, label, false);
    agreement += best >= 0 && best == bestQuantized ? 1 : 0;
    double[] p = softmax(x, offset, n);
    double[] pq = softmax(xq, offset, n);
    Sums sums = new Sums();
    for (int k = 0; k < n; k++) {
      sums.squaredDifference += (p[k] - pq[k]) * (p[k] - pq[k]);
      sums.crossEntropy -= p[k] * Math.log(Math.max(pq[k], SMALLEST_PROBABILITY));
      double e = (double) xq[offset + k] - x[offset + k];
      sums.signal += (double) x[offset + k] * x[offset + k];
      sums.noise += e * e;
    }
    tree.at(index).add(sums);
    return new Prediction(
        index,
        image,
        label,
        best,
        bestQuantized,
        margin(x, offset, n),
        Math.sqrt(sums.noise / n),
        ErrorSums.sqnrDb(sums.signal, sums.noise));
  }

  /** Class of the largest logit, the first of equals; counts top-1 and top-5 on the way. */
  private int rank(float[] logits, int offset, int n, int label, boolean fp32) {
    int best = predicted(logits, offset, n);
    if (best < 0) {
      return -1;
    }
    if (label < 0 || label >= n) {
      return best;
    }
    int above = 0;
    for (int k = 0; k < n; k++) {
      float d = logits[offset + k] - logits[offset + label];
      above += d > 0 || (d == 0 && k < label) ? 1 : 0;
    }
    if (fp32) {
      top1Fp32 += above == 0 ? 1 : 0;
      top5Fp32 += above < 5 ? 1 : 0;
    } else {
      top1Quantized += above == 0 ? 1 : 0;
      top5Quantized += above < 5 ? 1 : 0;
    }
    return best;
  }

  /** Class of the largest of {@code n} logits, the first of equals; -1 if one is NaN. */
  public static int predicted(float[] logits, int offset, int n) {
    int best = 0;
    boolean nan = false;
    for (int k = 0; k < n; k++) {
      nan |= Float.isNaN(logits[offset + k]);
      best = logits[offset + k] > logits[offset + best] ? k : best;
    }
    return nan ? -1 : best;
  }

  private static double margin(float[] logits, int offset, int n) {
    double first = Double.NEGATIVE_INFINITY;
    double second = Double.NEGATIVE_INFINITY;
    for (int k = 0; k < n; k++) {
      double v = logits[offset + k];
      if (v > first) {
        second = first;
        first = v;
      } else if (v > second) {
        second = v;
      }
    }
    return n < 2 ? 0 : first - second;
  }

  /** The largest probability of the softmax; NaN if a logit is. */
  public static double confidence(float[] logits, int offset, int n) {
    return Arrays.stream(softmax(logits, offset, n)).reduce(0, Math::max);
  }

  private static double[] softmax(float[] logits, int offset, int n) {
    double max = Double.NEGATIVE_INFINITY;
    for (int k = 0; k < n; k++) {
      max = Math.max(max, logits[offset + k]);
    }
    double[] p = new double[n];
    double sum = 0;
    for (int k = 0; k < n; k++) {
      p[k] = Math.exp(logits[offset + k] - max);
      sum += p[k];
    }
    for (int k = 0; k < n; k++) {
      p[k] /= sum;
    }
    return p;
  }

  public long images() {
    return images;
  }

  /** Images whose class is known: without any, no figure speaks of right and wrong. */
  public long labelled() {
    return labelled;
  }

  /** Share of images whose label has the largest fp32 logit. */
  public double top1Fp32() {
    return (double) top1Fp32 / images;
  }

  public double top1Quantized() {
    return (double) top1Quantized / images;
  }

  /** Share of images whose label is among the five largest fp32 logits. */
  public double top5Fp32() {
    return (double) top5Fp32 / images;
  }

  public double top5Quantized() {
    return (double) top5Quantized / images;
  }

  /** Share of images to which both networks give the same class. */
  public double agreementTop1() {
    return (double) agreement / images;
  }

  /** (fp32 - quantized) / fp32 top-1; NaN when the fp32 network is never right. */
  public double relativeAccuracyDrop() {
    return top1Fp32 == 0 ? Double.NaN : (double) (top1Fp32 - top1Quantized) / top1Fp32;
  }

  public double qmse() {
    return tree.total().squaredDifference / ((double) images * classes);
  }

  public double qce() {
    return tree.total().crossEntropy / images;
  }

  /** 10 log10 of logit energy over error energy; +infinity when they are equal bit for bit. */
  public double logitSqnrDb() {
    Sums all = tree.total();
    return ErrorSums.sqnrDb(all.signal, all.noise);
  }

  /**
   * Joins the figures of other blocks of images; {@code other} is used up.
   *
   * @throws IllegalArgumentException if a block is in both
   */
  public void merge(PredictionSums other) {
    tree.merge(other.tree);
    images += other.images;
    labelled += other.labelled;
    top1Fp32 += other.top1Fp32;
    top1Quantized += other.top1Quantized;
    top5Fp32 += other.top5Fp32;
    top5Quantized += other.top5Quantized;
    agreement += other.agreement;
    classes = Math.max(classes, other.classes);
  }

  /** Writes the exact figures. */
  public void write(DataOutput out) throws IOException {
    out.writeLong(images);
    out.writeLong(labelled);
    out.writeLong(top1Fp32);
    out.writeLong(top1Quantized);
    out.writeLong(top5Fp32);
    out.writeLong(top5Quantized);
    out.writeLong(agreement);
    out.writeInt(classes);
    tree.write(out);
  }

  /** Replaces the figures by written ones. */
  public void read(DataInput in) throws IOException {
    images = in.readLong();
    labelled = in.readLong();
    top1Fp32 = in.readLong();
    top1Quantized = in.readLong();
    top5Fp32 = in.readLong();
    top5Quantized = in.readLong();
    agreement = in.readLong();
    classes = in.readInt();
    tree.read(in);
  }
}
