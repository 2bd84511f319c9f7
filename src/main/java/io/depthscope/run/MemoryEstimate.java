package io.depthscope.run;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a run will hold in memory, in bytes. Tensors and statistics do not grow with the number of
 * images; what is kept of each image is its prediction.
 *
 * @param network weights, buffers and statistics of the backend
 * @param images batches under way and images being decoded
 * @param predictions of all images
 * @param device memory of the GPU; 0 without one
 * @param heapLimit the virtual machine's limit
 */
public record MemoryEstimate(
    long network, long images, long predictions, long device, long heapLimit) {

  /** A prediction with the name of its image: an object of 64 bytes, a name of up to 70 letters. */
  private static final long PREDICTION = 192;

  /** The virtual machine's own: code, metadata, stacks and the libraries. */
  private static final long MACHINE = 160L << 20;

  /** The least heap a run can do with, for short-lived objects beside the buffers. */
  private static final long SLACK = 64L << 20;

  /** Bytes that the predictions of this many images take. */
  public static long predictions(int images) {
    return images * PREDICTION;
  }

  /** Heap that the run needs. */
  public long heap() {
    return network + images + predictions + SLACK;
  }

  /** The process will not exceed this: the heap's limit and what lies outside the heap. */
  public static long ceiling(long heapLimit) {
    return heapLimit + MACHINE;
  }

  /** It in words, for people. */
  public List<String> lines() {
    List<String> out = new ArrayList<>();
    out.add("network, buffers, statistics  " + mega(network));
    out.add("batches and decoding          " + mega(images));
    out.add("predictions                   " + mega(predictions));
    out.add("heap needed                   " + mega(heap()));
    out.add("heap limit                    " + mega(heapLimit));
    out.add("process ceiling               " + mega(ceiling(heapLimit)));
    if (device > 0) {
      out.add("GPU memory                    " + mega(device));
    }
    out.add("Only the predictions depend on the number of images.");
    return out;
  }

  /**
   * Checks that the run fits.
   *
   * @throws IOException if the heap is too small, with what to do
   */
  public void check() throws IOException {
    if (heap() > heapLimit) {
      throw new IOException(
          "the run needs "
              + mega(heap())
              + " of heap, the limit is "
              + mega(heapLimit)
              + "; use fewer --threads, a smaller --batch, or DEPTHSCOPE_HEAP="
              + ((heap() >> 20) + 64)
              + "m");
    }
  }

  private static String mega(long bytes) {
    return String.format(Locale.ROOT, "%d MiB", (bytes + (1 << 20) - 1) >> 20);
  }
}
