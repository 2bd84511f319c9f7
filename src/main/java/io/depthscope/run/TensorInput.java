package io.depthscope.run;

import io.depthscope.dataset.Batches;
import io.depthscope.dataset.ImageBatch;
import io.depthscope.dataset.Samples;
import io.depthscope.file.NpyHeader;
import io.depthscope.file.NpyReader;
import io.depthscope.file.Sha256;
import io.depthscope.graph.draft.FileTensors;
import io.depthscope.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A NumPy file of a network's inputs, used as they are: images first, then the axes in the order of
 * the model's file. With another file of one integer an image, they have labels.
 */
public final class TensorInput implements Samples {
  /** No network has more, and a float32 number tells them all apart. */
  private static final int MOST_CLASSES = 1 << 24;

  private final Path file;
  private final FileTensors tensors;
  private final int count;
  private final int[] labels;
  private final String fingerprint;

  private TensorInput(Path file, FileTensors tensors, int count, int[] labels, String fingerprint) {
    this.file = file;
    this.tensors = tensors;
    this.count = count;
    this.labels = labels;
    this.fingerprint = fingerprint;
  }

  /** True for what is named like a NumPy file. */
  public static boolean isOne(String spec) {
    return spec.regionMatches(true, spec.length() - 4, ".npy", 0, 4);
  }

  /**
   * Extents of a file, its images first.
   *
   * @throws IOException naming the file, if it cannot be read
   */
  public static List<Integer> extents(Path file) throws IOException {
    try (NpyReader in = NpyReader.open(file)) {
      return in.header().extents();
    }
  }

  /**
   * Reads the header and all labels.
   *
   * @throws IOException naming the file, if it cannot be read or does not fit the network, or the
   *     labels do not fit it
   */
  public static TensorInput open(Path file, Optional<Path> labels, FileTensors tensors)
      throws IOException {
    int count;
    try (NpyReader in = NpyReader.open(file)) {
      count = images(in.header(), file, tensors);
    }
    int[] known = labels.isPresent() ? labels(labels.get(), count, file) : new int[0];
    String own = Sha256.of(file);
    String fingerprint = labels.isPresent() ? own + "+" + Sha256.of(labels.get()) : own;
    return new TensorInput(file, tensors, count, known, fingerprint);
  }

  private static int images(NpyHeader header, Path file, FileTensors tensors) throws IOException {
    List<Integer> extents = header.extents();
    int[] wanted = tensors.input().extents();
    boolean fits = extents.size() == wanted.length && extents.getFirst() > 0;
    for (int d = 1; fits && d < wanted.length; d++) {
      fits = extents.get(d) == wanted[d];
    }
    if (!fits) {
      int[] rest = Arrays.copyOfRange(wanted, 1, wanted.length);
      throw new IOException(
          file
              + ": is "
              + extents
              + ", the network reads [images, "
              + Arrays.toString(rest).substring(1));
    }
    return extents.getFirst();
  }

  private static int[] labels(Path file, int count, Path images) throws IOException {
    try (NpyReader in = NpyReader.open(file)) {
      NpyHeader header = in.header();
      if (header.type().isFloat()) {
        throw new IOException(file + ": holds " + header.type().word() + ", labels are integers");
      }
      if (header.size() != count || header.extents().isEmpty()) {
        throw new IOException(
            file + ": is " + header.extents() + ", " + images + " holds " + count + " images");
      }
      float[] read = in.next(count);
      int[] labels = new int[count];
      for (int i = 0; i < count; i++) {
        labels[i] = (int) read[i];
        if (labels[i] < 0 || labels[i] > MOST_CLASSES) {
          throw new IOException(file + ": label " + labels[i] + " of image " + i + " is no class");
        }
      }
      return labels;
    }
  }

  /**
   * Batches of the images from..to-1.
   *
   * @throws IOException naming the file, if it cannot be read
   */
  public Batches batches(int from, int to, int batchSize) throws IOException {
    int[] places = tensors.inputPlaces();
    NpyReader in = NpyReader.open(file);
    try {
      in.skip((long) from * places.length);
    } catch (IOException e) {
      in.close();
      throw e;
    }
    return new InOrder(in, places, from, to, batchSize);
  }

  /** Of an open file. */
  private final class InOrder implements Batches {
    private final NpyReader in;
    private final int[] places;
    private final int to;
    private final int batchSize;
    private int next;

    private InOrder(NpyReader in, int[] places, int from, int to, int batchSize) {
      this.in = in;
      this.places = places;
      this.next = from;
      this.to = to;
      this.batchSize = batchSize;
    }

    @Override
    public ImageBatch next() throws IOException {
      int n = Math.min(batchSize, to - next);
      if (n <= 0) {
        return null;
      }
      float[] values = new float[Math.multiplyExact(n, places.length)];
      for (int i = 0; i < n; i++) {
        float[] image = in.next(places.length);
        for (int k = 0; k < places.length; k++) {
          values[i * places.length + places[k]] = image[k];
        }
      }
      int[] indices = IntStream.range(next, next + n).toArray();
      int[] own = Arrays.stream(indices).map(TensorInput.this::label).toArray();
      next += n;
      Shape shape = tensors.inputShape();
      return ImageBatch.ofValues(shape, n, indices, own, values);
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }

  @Override
  public String description() {
    return file.toString();
  }

  @Override
  public String fingerprint() {
    return fingerprint;
  }

  @Override
  public int size() {
    return count;
  }

  @Override
  public boolean labelled() {
    return labels.length > 0;
  }

  @Override
  public int classCount() {
    return Arrays.stream(labels).max().orElse(0) + 1;
  }

  @Override
  public int label(int index) {
    return labelled() ? labels[index] : -1;
  }

  @Override
  public String name(int index) {
    return file.getFileName() + ":" + index;
  }

  @Override
  public void close() {}
}
