package io.depthscope.dataset;

import io.depthscope.tensor.Shape;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Decodes and preprocesses a range of a data set ahead of its user, on daemon threads of its own.
 *
 * <p>Batches come strictly in the data set's order, whatever the number of threads. Images that
 * cannot be read are reported and skipped; the images after them move up, so that every batch but
 * the last is full.
 *
 * <p>Memory: (2 x threads + 2) pieces of 8 preprocessed images wait at most, plus the batch being
 * filled, plus per thread what one image takes while it is decoded.
 *
 * <p>For one thread to use. A {@link PackedDataset} must have been packed with the same geometry as
 * asked for here; its bytes are then copied as they are.
 */
public final class BatchLoader implements Batches {
  // Large enough that handing over a piece of tiny images costs little per image, small enough
  // that the first batch of photographs does not wait long.
  private static final int PIECE = 8;

  /** Some consecutive images: the readable ones packed together, the others told. */
  private static final class Piece {
    final int[] indices = new int[PIECE];
    final byte[] pixels;
    final List<UnreadableImage> unreadable = new ArrayList<>();
    int count;

    Piece(int bytes) {
      pixels = new byte[bytes];
    }
  }

  private final Dataset dataset;
  private final Preprocessing preprocessing;
  private final Shape shape;
  private final int to;
  private final int batchSize;
  private final boolean strict;
  private final Consumer<UnreadableImage> onUnreadable;
  private final ExecutorService threads;
  private final int window;
  private final ArrayDeque<Future<Piece>> ahead = new ArrayDeque<>();
  private int nextToSubmit;
  private Piece current = new Piece(0);
  private int usedOfCurrent;
  private boolean closed;

  /**
   * Starts decoding.
   *
   * @param from first image
   * @param to image after the last
   * @param batchSize images a batch
   * @param threads that decode
   * @param strict whether an unreadable image ends the run
   * @param onUnreadable told of each image skipped, in order, on the thread that calls {@link
   *     #next}
   * @throws IOException if a packed data set was packed with another geometry
   * @throws IllegalArgumentException for a range outside the data set, or sizes below 1, or a batch
   *     over 2 GiB
   */
  public BatchLoader(
      Dataset dataset,
      Preprocessing preprocessing,
      int from,
      int to,
      int batchSize,
      int threads,
      boolean strict,
      Consumer<UnreadableImage> onUnreadable)
      throws IOException {
    if (from < 0 || to < from || to > dataset.size()) {
      throw new IllegalArgumentException(
          "images " + from + " to " + to + " of a data set of " + dataset.size());
    }
    if (batchSize < 1 || threads < 1) {
      throw new IllegalArgumentException("batch " + batchSize + ", threads " + threads);
    }
    this.dataset = dataset;
    this.preprocessing = preprocessing;
    this.shape = preprocessing.inputShape();
    long batchBytes = (long) batchSize * shape.size();
    if (Math.max(batchBytes, (long) PIECE * shape.size()) > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "a batch of " + batchSize + " images of " + shape + " takes over 2 GiB");
    }
    Optional<Packed> packed = from < to ? packed(dataset, from) : Optional.empty();
    if (packed.isPresent()) {
      checkGeometry(packed.get().of(), preprocessing);
    }
    this.to = to;
    this.batchSize = batchSize;
    this.strict = strict;
    this.onUnreadable = Objects.requireNonNull(onUnreadable);
    this.nextToSubmit = from;
    this.window = 2 * threads + 2;
    this.threads =
        Executors.newFixedThreadPool(
            threads, Thread.ofPlatform().daemon().name("image-loader-", 0).factory());
    submit();
  }

  /** An image that was prepared before: it must not be once more. */
  private record Packed(PackedDataset of, int index) {}

  private static Optional<Packed> packed(Dataset dataset, int index) {
    return switch (dataset) {
      case PackedDataset p -> Optional.of(new Packed(p, index));
      case SelectedImages some -> packed(some.shown(), some.source(index));
      default -> Optional.empty();
    };
  }

  private static void checkGeometry(PackedDataset packed, Preprocessing preprocessing)
      throws IOException {
    String wanted = preprocessing.geometryText();
    if (!packed.geometryText().equals(wanted)
        || !packed.shape().equals(preprocessing.inputShape())) {
      throw new IOException(
          packed.description()
              + ": was packed with \""
              + packed.geometryText()
              + "\", this run wants \""
              + wanted
              + "\"");
    }
  }

  private void submit() {
    while (nextToSubmit < to && ahead.size() < window) {
      int first = nextToSubmit;
      int end = Math.min(to, first + PIECE);
      nextToSubmit = end;
      ahead.add(threads.submit(() -> load(first, end)));
    }
  }

  private Piece load(int first, int end) throws InterruptedException {
    Piece piece = new Piece((end - first) * shape.size());
    for (int i = first; i < end; i++) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      int offset = piece.count * shape.size();
      try {
        Optional<Packed> packed = packed(dataset, i);
        if (packed.isPresent()) {
          packed.get().of().copyPixels(packed.get().index(), piece.pixels, offset);
        } else {
          byte[] input = toInput(i);
          System.arraycopy(input, 0, piece.pixels, offset, input.length);
        }
        piece.indices[piece.count++] = i;
      } catch (IOException e) {
        piece.unreadable.add(new UnreadableImage(i, dataset.name(i), reason(dataset.name(i), e)));
      }
    }
    return piece;
  }

  private byte[] toInput(int index) throws IOException {
    RgbImage image = dataset.read(index);
    try {
      return preprocessing.toInput(image);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static String reason(String name, IOException e) {
    String message = e.getMessage() == null ? e.toString() : e.getMessage();
    return message.startsWith(name + ": ") ? message.substring(name.length() + 2) : message;
  }

  /**
   * The next batch, or null after the last.
   *
   * @throws IOException if an image cannot be read and the loader is strict, or the thread is
   *     interrupted; the loader is closed then
   */
  @Override
  public ImageBatch next() throws IOException {
    if (closed) {
      throw new IllegalStateException("the loader is closed");
    }
    int[] indices = new int[batchSize];
    byte[] pixels = new byte[batchSize * shape.size()];
    int count = 0;
    while (count < batchSize) {
      if (usedOfCurrent == current.count && !advance()) {
        break;
      }
      int taken = Math.min(batchSize - count, current.count - usedOfCurrent);
      System.arraycopy(current.indices, usedOfCurrent, indices, count, taken);
      System.arraycopy(
          current.pixels,
          usedOfCurrent * shape.size(),
          pixels,
          count * shape.size(),
          taken * shape.size());
      usedOfCurrent += taken;
      count += taken;
    }
    if (count == 0) {
      return null;
    }
    indices = Arrays.copyOf(indices, count);
    int[] labels = Arrays.stream(indices).map(dataset::label).toArray();
    byte[] exact = count == batchSize ? pixels : Arrays.copyOf(pixels, count * shape.size());
    return new ImageBatch(shape, count, indices, labels, exact);
  }

  /** Takes the next piece, which may be empty; false at the end. */
  private boolean advance() throws IOException {
    Future<Piece> future = ahead.poll();
    if (future == null) {
      return false;
    }
    boolean usable = false;
    try {
      current = future.get();
      usedOfCurrent = 0;
      for (UnreadableImage image : current.unreadable) {
        if (strict) {
          throw new IOException(image.name() + ": " + image.reason());
        }
        onUnreadable.accept(image);
      }
      submit();
      usable = true;
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (IOException) new InterruptedIOException("interrupted while loading").initCause(e);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException unchecked -> throw unchecked;
        case Error error -> throw error;
        default -> throw new IOException(e.getCause());
      }
    } finally {
      if (!usable) {
        close();
      }
    }
  }

  /**
   * Stops the threads and waits until each has left the image it is at, so that the data set can be
   * closed after.
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    threads.shutdownNow();
    ahead.clear();
    boolean interrupted = false;
    while (true) {
      try {
        if (threads.awaitTermination(1, TimeUnit.MINUTES)) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
