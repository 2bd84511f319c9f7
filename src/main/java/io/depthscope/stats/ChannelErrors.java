package io.depthscope.stats;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** Sums of the error e = xq - x of several images, per channel. */
final class ChannelErrors {
  /** Sum, squares, max |e|, saturated. */
  static final int FIELDS = 4;

  final double[] sum;
  final double[] squares;
  final float[] maxAbs;
  final long[] saturated;

  /** Energies by {@link ErrorTerm} and channel; empty where they are not recorded. */
  final double[][] terms;

  ChannelErrors(int channels, boolean errorTerms) {
    sum = new double[channels];
    squares = new double[channels];
    maxAbs = new float[channels];
    saturated = new long[channels];
    terms = new double[errorTerms ? ErrorTerm.values().length : 0][channels];
  }

  /** Joins the sums of one image. */
  void add(ImageSums image) {
    for (int c = 0; c < sum.length; c++) {
      sum[c] += image.errorSum[c];
      squares[c] += image.errorSquares[c];
      maxAbs[c] = Math.max(maxAbs[c], image.errorMaxAbs[c]);
      saturated[c] += image.saturated[c];
      for (int t = 0; t < terms.length; t++) {
        terms[t][c] += image.terms[t][c];
      }
    }
  }

  /** Joins the sums of later images. */
  void add(ChannelErrors later) {
    for (int c = 0; c < sum.length; c++) {
      sum[c] += later.sum[c];
      squares[c] += later.squares[c];
      maxAbs[c] = Math.max(maxAbs[c], later.maxAbs[c]);
      saturated[c] += later.saturated[c];
      for (int t = 0; t < terms.length; t++) {
        terms[t][c] += later.terms[t][c];
      }
    }
  }

  /** Writes the state as [field][stride] doubles from {@code at} on, 0 for terms not recorded. */
  void exportState(double[] to, int at, int stride) {
    for (int c = 0; c < sum.length; c++) {
      int i = at + c;
      to[i] = sum[c];
      to[i + stride] = squares[c];
      to[i + 2 * stride] = maxAbs[c];
      to[i + 3 * stride] = saturated[c];
      for (int t = 0; t < ErrorTerm.values().length; t++) {
        to[i + (FIELDS + t) * stride] = terms.length == 0 ? 0 : terms[t][c];
      }
    }
  }

  void importState(double[] from, int at, int stride) {
    for (int c = 0; c < sum.length; c++) {
      int i = at + c;
      sum[c] = from[i];
      squares[c] = from[i + stride];
      maxAbs[c] = (float) from[i + 2 * stride];
      saturated[c] = (long) from[i + 3 * stride];
      for (int t = 0; t < terms.length; t++) {
        terms[t][c] = from[i + (FIELDS + t) * stride];
      }
    }
  }

  void write(DataOutput out) throws IOException {
    for (int c = 0; c < sum.length; c++) {
      out.writeDouble(sum[c]);
      out.writeDouble(squares[c]);
      out.writeFloat(maxAbs[c]);
      out.writeLong(saturated[c]);
      for (double[] t : terms) {
        out.writeDouble(t[c]);
      }
    }
  }

  void read(DataInput in) throws IOException {
    for (int c = 0; c < sum.length; c++) {
      sum[c] = in.readDouble();
      squares[c] = in.readDouble();
      maxAbs[c] = in.readFloat();
      saturated[c] = in.readLong();
      for (double[] t : terms) {
        t[c] = in.readDouble();
      }
    }
  }
}
