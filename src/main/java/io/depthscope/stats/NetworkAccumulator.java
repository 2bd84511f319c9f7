package io.depthscope.stats;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.List;

/** The running statistics of every node of a network; node 0 is the input. */
public final class NetworkAccumulator {
  private final List<LayerAccumulator> layers;
  private final boolean paired;
  private long images;
  private long generation;

  /**
   * @param paired whether a quantized stream runs beside the fp32 one
   */
  public NetworkAccumulator(List<LayerAccumulator> layers, boolean paired) {
    this.layers = List.copyOf(layers);
    this.paired = paired;
  }

  /** Number of images merged. */
  public long images() {
    return images;
  }

  /** Changes whenever the whole state is replaced: what a backend holds elsewhere is then stale. */
  public long generation() {
    return generation;
  }

  /** Sets the number of images, for a backend that merges them elsewhere. */
  public void setImages(long images) {
    this.images = images;
  }

  public LayerAccumulator layer(int node) {
    return layers.get(node);
  }

  public int size() {
    return layers.size();
  }

  /** Merges the sums of one image, one entry a node; images come in ascending order. */
  public void add(int image, List<ImageSums> sums) {
    for (int i = 0; i < layers.size(); i++) {
      layers.get(i).add(image, sums.get(i), paired);
    }
    images++;
  }

  /** Writes the exact state, so that {@link #read} continues as if there had been no break. */
  public void write(DataOutput out) throws IOException {
    out.writeLong(images);
    out.writeInt(layers.size());
    for (LayerAccumulator l : layers) {
      out.writeInt(l.channels());
      out.writeInt(l.codes().length);
      l.write(out);
    }
  }

  /**
   * Replaces the state by one written for the same plan.
   *
   * @throws IOException if the data is truncated or was written for another network
   */
  public void read(DataInput in) throws IOException {
    generation++;
    images = in.readLong();
    if (in.readInt() != layers.size()) {
      throw new IOException("checkpoint of another network");
    }
    for (LayerAccumulator l : layers) {
      if (in.readInt() != l.channels() || in.readInt() != l.codes().length) {
        throw new IOException("checkpoint of another network");
      }
      l.read(in);
    }
  }
}
