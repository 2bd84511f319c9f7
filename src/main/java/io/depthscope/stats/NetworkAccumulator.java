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
  private long blockImages;
  private long generation;

  /**
   * @param paired whether a candidate runs beside the baseline
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

  /** The block of images that is being filled; -1 before the first image. */
  public int block() {
    return layers.getFirst().block();
  }

  /** Images in that block so far. */
  public long blockImages() {
    return blockImages;
  }

  /** Begins a block of images, unless it is the one that is being filled. */
  public void open(int block) {
    if (block != block()) {
      blockImages = 0;
      layers.forEach(l -> l.open(block));
    }
  }

  /**
   * Sets the number of images, for a backend that merges them elsewhere.
   *
   * @param ofBlock how many of them are of the block that is being filled
   */
  public void setImages(long images, long ofBlock) {
    this.images = images;
    this.blockImages = ofBlock;
  }

  public LayerAccumulator layer(int node) {
    return layers.get(node);
  }

  public int size() {
    return layers.size();
  }

  /** Merges the sums of one image, one entry a node; images come in ascending order. */
  public void add(int image, List<ImageSums> sums) {
    open(BlockTree.blockOf(image));
    for (int i = 0; i < layers.size(); i++) {
      layers.get(i).add(image, sums.get(i), paired);
    }
    images++;
    blockImages++;
  }

  /**
   * Joins the statistics of other blocks of images of the same plan; {@code other} is used up.
   *
   * @throws IllegalArgumentException if a block is in both
   */
  public void merge(NetworkAccumulator other) {
    generation++;
    for (int i = 0; i < layers.size(); i++) {
      layers.get(i).merge(other.layers.get(i));
    }
    images += other.images;
    blockImages = 0;
  }

  /** Writes the exact state, so that {@link #read} continues as if there had been no break. */
  public void write(DataOutput out) throws IOException {
    out.writeLong(images);
    out.writeLong(blockImages);
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
    blockImages = in.readLong();
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
