package io.depthscope.stats;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/**
 * Of each image in order the energy of each output, of its values or of their error, and the class
 * that it is given: what intervals and comparisons of the same images are made of.
 */
public final class ImageEnergies {
  private static final int FIRST_ROOM = 64;

  private final int outputs;
  private double[] energies;
  private int[] classes = new int[FIRST_ROOM];
  private int images;

  /**
   * @param outputs of the network
   */
  public ImageEnergies(int outputs) {
    this.outputs = outputs;
    this.energies = new double[FIRST_ROOM * outputs];
  }

  /** Bytes of this many images. */
  public static long bytes(long images, int outputs) {
    return images * ((long) Double.BYTES * outputs + Integer.BYTES);
  }

  /**
   * Adds an image.
   *
   * @param predicted its class; -1 for none
   */
  public void add(double[] ofOutputs, int predicted) {
    if (images == classes.length) {
      classes = Arrays.copyOf(classes, 2 * images);
      energies = Arrays.copyOf(energies, 2 * images * outputs);
    }
    System.arraycopy(ofOutputs, 0, energies, images * outputs, outputs);
    classes[images++] = predicted;
  }

  public int images() {
    return images;
  }

  public int outputs() {
    return outputs;
  }

  public double energy(int image, int output) {
    return energies[image * outputs + output];
  }

  public int predicted(int image) {
    return classes[image];
  }

  /** Of an output over the first images, added in order. */
  public double sum(int output, int first) {
    double sum = 0;
    for (int i = 0; i < first; i++) {
      sum += energy(i, output);
    }
    return sum;
  }

  /** Writes the exact values. */
  public void write(DataOutput out) throws IOException {
    out.writeInt(images);
    for (int i = 0; i < images; i++) {
      out.writeInt(classes[i]);
      for (int o = 0; o < outputs; o++) {
        out.writeDouble(energy(i, o));
      }
    }
  }

  /**
   * Replaces the values by written ones.
   *
   * @param most images there can be
   * @throws IOException if there are more
   */
  public void read(DataInput in, int most) throws IOException {
    int n = in.readInt();
    if (n < 0 || n > most) {
      throw new IOException("energies of " + n + " images");
    }
    images = 0;
    double[] one = new double[outputs];
    for (int i = 0; i < n; i++) {
      int predicted = in.readInt();
      for (int o = 0; o < outputs; o++) {
        one[o] = in.readDouble();
      }
      add(one, predicted);
    }
  }
}
