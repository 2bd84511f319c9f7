package io.depthscope.dataset;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Locale;
import java.util.concurrent.Semaphore;

/**
 * Memory for decoding that several threads share: large images wait for one another, and one that
 * would not fit at all is refused before anything is allocated.
 */
final class DecodeBudget {
  /** A decoded image beside the decoder's own copy and its RGB result. */
  private static final long BYTES_PER_PIXEL = 11;

  private static final int UNIT = 1 << 10;

  private final int units;
  private final Semaphore free;

  /**
   * @param bytes for all threads together
   */
  DecodeBudget(long bytes) {
    units = (int) Math.min(Integer.MAX_VALUE, Math.max(1, bytes / UNIT));
    free = new Semaphore(units, true);
  }

  /**
   * Waits for the memory of one image.
   *
   * @param fileBytes size of the file, which is held twice
   * @return what to {@link #release}
   * @throws IOException if the image needs more than the whole budget
   */
  int acquire(int width, int height, long fileBytes) throws IOException {
    long need = (BYTES_PER_PIXEL * width * height + 2 * fileBytes) / UNIT + 1;
    if (need > units) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "%dx%d pixels need %d MiB to decode, the limit is %d MiB, a quarter of the heap",
              width,
              height,
              need >> 10,
              units >> 10));
    }
    try {
      free.acquire((int) need);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (IOException) new InterruptedIOException("interrupted").initCause(e);
    }
    return (int) need;
  }

  void release(int acquired) {
    free.release(acquired);
  }
}
