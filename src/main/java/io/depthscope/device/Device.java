package io.depthscope.device;

import java.lang.foreign.MemorySegment;

/**
 * A GPU, as far as this project uses one: memory, streams, events, kernels. Calls may come from any
 * thread. Everything fails with a {@link DeviceException}; after a failed launch the device is lost
 * and every later call fails with the same status.
 *
 * <p>Copies, fills and launches are asynchronous: they are put on a stream and done in its order.
 * With the system property {@code depthscope.cuda.sync=true} each launch waits until it is done, so
 * that a failure names the kernel that caused it.
 */
public interface Device extends AutoCloseable {

  DeviceInfo info();

  /** Device memory that is free now, in bytes. */
  long freeBytes();

  /**
   * Allocates device memory of undefined content, aligned to 256 bytes. {@link DeviceArena} is its
   * only caller.
   *
   * @param purpose for the message when there is not enough
   */
  long allocate(long bytes, String purpose);

  void free(long address);

  /** Page-locked host memory, which copies at full speed and asynchronously. */
  MemorySegment allocatePinned(long bytes);

  void freePinned(MemorySegment memory);

  /**
   * Loads kernels; those of later images win over earlier ones of the same name.
   *
   * @throws DeviceException if the driver refuses the image, with its reason
   */
  void load(KernelImage image);

  /**
   * Registers and memory of a kernel.
   *
   * @throws DeviceException if no loaded image has it
   */
  KernelResources resources(KernelSpec kernel);

  DeviceStream newStream();

  void closeStream(DeviceStream stream);

  /**
   * Makes an event, which has not come to pass yet.
   *
   * @param timing whether {@link #millisBetween} will be asked of it
   */
  DeviceEvent newEvent(boolean timing);

  void closeEvent(DeviceEvent event);

  void launch(DeviceStream stream, KernelLaunch launch);

  /** Copies bytes from page-locked memory, which must not change until it is done. */
  void upload(DeviceStream stream, MemorySegment from, long to, long bytes);

  /** Copies bytes to page-locked memory. */
  void download(DeviceStream stream, long from, MemorySegment to, long bytes);

  /** Copies within the device. */
  void copy(DeviceStream stream, long from, long to, long bytes);

  /** Sets every byte. */
  void fill(DeviceStream stream, long address, int value, long bytes);

  /** Marks the present end of a stream. */
  void record(DeviceStream stream, DeviceEvent event);

  /** Lets a stream wait for an event, without blocking the caller. */
  void waitFor(DeviceStream stream, DeviceEvent event);

  /** Blocks until an event has come to pass. */
  void await(DeviceEvent event);

  /** Time between two events that have come to pass, in milliseconds. */
  double millisBetween(DeviceEvent from, DeviceEvent to);

  /**
   * Opens the vendor's matrix product on this device. The caller closes it before the device.
   *
   * @param allowTf32 whether factors may be rounded to 10 bits of mantissa, which is faster
   * @throws DeviceException with the reason if there is none that can be used
   */
  default MatrixLibrary openMatrixLibrary(boolean allowTf32) {
    throw new DeviceException("cuBLAS cannot be used", 0, "", "not on this device");
  }

  /** Blocks until everything is done. */
  void synchronize();

  /** Releases the context; what was not freed before is freed with it. */
  @Override
  void close();
}
