package io.depthscope.record;

import io.depthscope.dataset.UnreadableImage;
import io.depthscope.record.Sensitivity.Direction;
import io.depthscope.stats.ImageEnergies;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What a measurement of sensitivity has gathered so far: of every run the energies of the errors of
 * its images, which are the first ones of those of both whole networks.
 */
public final class SensitivityState implements Checkpoint.State {
  private final int most;
  private final int layers;
  private final ImageEnergies signal;
  private final ImageEnergies quantized;
  private final Map<Direction, List<ImageEnergies>> runs = new EnumMap<>(Direction.class);
  private final List<UnreadableImage> skipped = new ArrayList<>();
  private int[] indices = {};
  private int[] labels = {};
  private int next;

  /**
   * @param layers that are measured
   * @param outputs of the network
   * @param most images there can be
   */
  public SensitivityState(int layers, int outputs, int most) {
    this.most = most;
    this.layers = layers;
    this.signal = new ImageEnergies(outputs);
    this.quantized = new ImageEnergies(outputs);
    for (Direction d : Direction.values()) {
      List<ImageEnergies> of = new ArrayList<>();
      for (int l = 0; l < layers; l++) {
        of.add(new ImageEnergies(outputs));
      }
      runs.put(d, of);
    }
  }

  /** Bytes that this many images take; what is gathered grows with them. */
  public static long bytes(long images, int layers, int outputs) {
    int energies = 2 + Direction.values().length * layers;
    return images * 2L * Integer.BYTES + 2 * energies * ImageEnergies.bytes(images, outputs);
  }

  /** Energies of the float32 outputs, and their classes. */
  public ImageEnergies signal() {
    return signal;
  }

  /** Of the error of the fully quantized network. */
  public ImageEnergies quantized() {
    return quantized;
  }

  /** Of the error of a run. */
  public ImageEnergies run(Direction direction, int layer) {
    return runs.get(direction).get(layer);
  }

  public int layers() {
    return layers;
  }

  /** Images that both whole networks have been run on. */
  public int images() {
    return signal.images();
  }

  /** Images that are gone through before one of this index in the data set. */
  public int imagesBefore(int index) {
    int at = Arrays.binarySearch(indices, 0, images(), index);
    return at < 0 ? -1 - at : at;
  }

  /** Class that an image shows, as a place among the outputs; -1 where nobody knows. */
  public int label(int image) {
    return labels[image];
  }

  /** Images that could not be read, in order. */
  public List<UnreadableImage> skipped() {
    return skipped;
  }

  /** Index in the data set of the first image that has not been run. */
  public int next() {
    return next;
  }

  /** Every image before this index has been run or skipped. */
  public void next(int index) {
    next = index;
  }

  /** An image that is to follow; what is gathered of it is added to the energies. */
  public void image(int index, int label) {
    int at = images();
    if (at == indices.length) {
      int room = Math.max(64, 2 * at);
      indices = Arrays.copyOf(indices, room);
      labels = Arrays.copyOf(labels, room);
    }
    indices[at] = index;
    labels[at] = label;
  }

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeInt(next);
    SkippedImages.write(skipped, next, out);
    signal.write(out);
    for (int i = 0; i < images(); i++) {
      out.writeInt(indices[i]);
      out.writeInt(labels[i]);
    }
    quantized.write(out);
    out.writeInt(layers);
    for (List<ImageEnergies> of : runs.values()) {
      for (ImageEnergies run : of) {
        run.write(out);
      }
    }
  }

  @Override
  public void read(DataInput in) throws IOException {
    next = in.readInt();
    SkippedImages.read(in, skipped);
    signal.read(in, most);
    indices = new int[images()];
    labels = new int[images()];
    for (int i = 0; i < images(); i++) {
      indices[i] = in.readInt();
      labels[i] = in.readInt();
    }
    quantized.read(in, images());
    int written = in.readInt();
    if (written != layers) {
      throw new IOException("runs of " + written + " layers, not of " + layers);
    }
    for (List<ImageEnergies> of : runs.values()) {
      for (ImageEnergies run : of) {
        run.read(in, images());
      }
    }
  }
}
