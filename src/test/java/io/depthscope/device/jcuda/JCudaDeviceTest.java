package io.depthscope.device.jcuda;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.depthscope.device.Device;
import io.depthscope.device.DeviceArena;
import io.depthscope.device.DeviceBuffer;
import io.depthscope.device.DeviceEvent;
import io.depthscope.device.DeviceException;
import io.depthscope.device.DeviceStream;
import io.depthscope.device.KernelImage;
import io.depthscope.device.KernelSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Memory, streams and events of a real GPU or of the emulated driver, where there is one. */
@Tag("gpu")
class JCudaDeviceTest {
  private Device device;
  private DeviceArena arena;
  private DeviceStream stream;

  @BeforeEach
  void open() {
    assumeTrue(Driver.get().reason().isEmpty(), Driver.get()::reason);
    device = JCudaDevices.open(0);
    arena = new DeviceArena(device);
    stream = arena.newStream();
  }

  @AfterEach
  void close() {
    if (device != null) {
      arena.close();
      device.close();
    }
  }

  @Test
  void saysWhatItIs() {
    assertEquals(JCudaDevices.list().getFirst(), device.info());
    assertFalse(device.info().name().isBlank());
    assertTrue(device.info().multiprocessors() > 0);
    assertTrue(device.info().sharedBytesPerBlock() >= 48 << 10);
    assertTrue(device.freeBytes() <= device.info().memoryBytes());
  }

  @Test
  void copiesAndFillsAreDoneInTheOrderOfTheirStream() {
    assertCopiesAndFills();
  }

  private void assertCopiesAndFills() {
    int n = 1000;
    DeviceBuffer a = arena.allocate(n, "a");
    DeviceBuffer b = arena.allocate(n, "b");
    assertEquals(0, a.address() % 256);
    MemorySegment in = arena.allocatePinned(n);
    MemorySegment out = arena.allocatePinned(n);
    for (int i = 0; i < n; i++) {
      in.set(JAVA_BYTE, i, (byte) i);
    }
    device.fill(stream, a.address(), 0xee, n);
    device.upload(stream, in, a.address(100), 500);
    device.copy(stream, a.address(90), b.address(0), 520);
    device.fill(stream, b.address(520), 0x7f, n - 520);
    device.fill(stream, a.address(), 0, n); // too late to matter
    device.download(stream, b.address(), out, n);
    DeviceEvent done = arena.newEvent(false);
    device.record(stream, done);
    device.await(done);
    for (int i = 0; i < n; i++) {
      int expected = i >= 520 ? 0x7f : i < 10 || i >= 510 ? 0xee : (i - 10) & 0xff;
      assertEquals(expected, out.get(JAVA_BYTE, i) & 0xff, "byte " + i);
    }
  }

  @Test
  void aStreamWaitsForAnotherAndTimePasses() {
    int n = 1 << 20;
    DeviceBuffer buffer = arena.allocate(n, "buffer");
    MemorySegment in = arena.allocatePinned(n);
    MemorySegment out = arena.allocatePinned(n);
    DeviceStream second = arena.newStream();
    DeviceEvent begin = arena.newEvent(true);
    DeviceEvent uploaded = arena.newEvent(true);
    for (int round = 1; round <= 20; round++) {
      in.fill((byte) round);
      device.record(stream, begin);
      device.upload(stream, in, buffer.address(), n);
      device.record(stream, uploaded);
      device.waitFor(second, uploaded);
      device.download(second, buffer.address(), out, n);
      device.synchronize();
      assertEquals(-1, in.mismatch(out), "round " + round);
      assertTrue(device.millisBetween(begin, uploaded) >= 0);
    }
  }

  @Test
  void timeIsMeasuredOnlyWhereItWasAskedFor() {
    DeviceEvent from = arena.newEvent(false);
    DeviceEvent to = arena.newEvent(false);
    device.record(stream, from);
    device.record(stream, to);
    device.synchronize();
    assertEquals(
        "cuEventElapsedTime",
        assertThrows(DeviceException.class, () -> device.millisBetween(from, to)).operation());
  }

  /** As a run does it: one thread submits batches, another waits for them and reads. */
  @Test
  void oneThreadSubmitsAndAnotherWaits() throws InterruptedException, ExecutionException {
    int slots = 3;
    int batches = 600;
    DeviceBuffer[] buffers = new DeviceBuffer[slots];
    MemorySegment[] in = new MemorySegment[slots];
    MemorySegment[] out = new MemorySegment[slots];
    BlockingQueue<Integer> free = new ArrayBlockingQueue<>(slots);
    BlockingQueue<Integer> submitted = new ArrayBlockingQueue<>(slots);
    DeviceEvent[] done = new DeviceEvent[slots];
    for (int s = 0; s < slots; s++) {
      buffers[s] = arena.allocate(4, "slot");
      in[s] = arena.allocatePinned(4);
      out[s] = arena.allocatePinned(4);
      done[s] = arena.newEvent(false);
      free.add(s);
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(1)) {
      Future<Long> sum =
          threads.submit(
              () -> {
                long total = 0;
                for (int i = 0; i < batches; i++) {
                  int s = submitted.take();
                  device.await(done[s]);
                  int value = out[s].get(JAVA_INT, 0);
                  assertEquals(7 * i, value, "batch " + i);
                  total += value;
                  free.add(s);
                }
                return total;
              });
      for (int i = 0; i < batches; i++) {
        int s = free.take();
        in[s].set(JAVA_INT, 0, 7 * i);
        device.upload(stream, in[s], buffers[s].address(), 4);
        device.download(stream, buffers[s].address(), out[s], 4);
        device.record(stream, done[s]);
        submitted.put(s);
      }
      assertEquals(7L * batches * (batches - 1) / 2, sum.get());
    }
  }

  @Test
  void onlyMemoryOffTheHeapAndLongEnoughIsCopied() {
    DeviceBuffer buffer = arena.allocate(64, "buffer");
    MemorySegment heap = MemorySegment.ofArray(new byte[64]);
    assertThrows(
        IllegalArgumentException.class, () -> device.upload(stream, heap, buffer.address(), 64));
    assertThrows(
        IllegalArgumentException.class, () -> device.download(stream, buffer.address(), heap, 64));
    MemorySegment pinned = arena.allocatePinned(63);
    assertThrows(
        IndexOutOfBoundsException.class, () -> device.upload(stream, pinned, buffer.address(), 64));
    assertThrows(
        IndexOutOfBoundsException.class,
        () -> device.download(stream, buffer.address(), pinned, -1));
  }

  @Test
  void freedPageLockedMemoryCannotBeTouched() {
    MemorySegment memory = device.allocatePinned(16);
    memory.set(JAVA_INT, 12, 5);
    assertThrows(IndexOutOfBoundsException.class, () -> memory.get(JAVA_INT, 16));
    device.freePinned(memory);
    assertThrows(IllegalStateException.class, () -> memory.get(JAVA_INT, 12));
    assertThrows(IllegalArgumentException.class, () -> device.freePinned(memory));
    try (Arena other = Arena.ofConfined()) {
      MemorySegment foreign = other.allocate(16);
      assertThrows(IllegalArgumentException.class, () -> device.freePinned(foreign));
    }
    assertThrows(IllegalArgumentException.class, () -> device.allocatePinned(0));
    assertThrows(IllegalArgumentException.class, () -> device.allocatePinned(1L << 31));
  }

  @Test
  void closedStreamsAndEventsAreRefused() {
    DeviceStream gone = device.newStream();
    device.closeStream(gone);
    assertThrows(IllegalStateException.class, () -> device.closeStream(gone));
    DeviceEvent event = device.newEvent(false);
    assertThrows(IllegalStateException.class, () -> device.record(gone, event));
    device.closeEvent(event);
    assertThrows(IllegalStateException.class, () -> device.await(event));
    assertThrows(IllegalStateException.class, () -> device.record(stream, event));
    assertThrows(IllegalStateException.class, () -> device.closeEvent(event));
  }

  @Test
  void memoryIsCountedAndTooMuchIsRefusedWithItsPurpose() {
    long before = device.freeBytes();
    long size = 32 << 20;
    long address = device.allocate(size, "buffer");
    assertTrue(device.freeBytes() <= before - size * 9 / 10);
    device.free(address);
    assertTrue(device.freeBytes() > before - size / 2);
    DeviceException refused =
        assertThrows(DeviceException.class, () -> device.allocate(1L << 50, "all of the layers"));
    assertTrue(refused.isOutOfMemory(), refused::toString);
    assertTrue(
        refused
            .getMessage()
            .matches(".*: 1125899906842624 bytes for all of the layers, of \\d+ free"),
        refused::toString);
    assertThrows(IllegalArgumentException.class, () -> device.allocate(0, "nothing"));
    device.synchronize(); // the device is as good as before
  }

  @Test
  void anAddressThatWasNeverGivenIsRefused() {
    assertEquals(
        "cuMemFree", assertThrows(DeviceException.class, () -> device.free(0x1000)).operation());
  }

  @Test
  void aBrokenImageIsRefusedInOneLineAndHarmsNothing() {
    KernelImage broken =
        new KernelImage("broken.ptx", "not PTX at all".getBytes(StandardCharsets.UTF_8), "");
    String message = assertThrows(DeviceException.class, () -> device.load(broken)).getMessage();
    assertTrue(message.startsWith("load broken.ptx failed with CUDA_ERROR_"), message);
    assertEquals(1, message.lines().count(), message);
    KernelSpec kernel = new KernelSpec("ds_none", "none.cu", 0, 0, 32);
    message = assertThrows(DeviceException.class, () -> device.resources(kernel)).getMessage();
    assertEquals("no loaded image has kernel ds_none", message);
    device.synchronize();
  }

  @Test
  void closedItRefusesEverythingAndCanBeOpenedAgain() {
    arena.close();
    MemorySegment pinned = device.allocatePinned(8);
    device.close();
    device.close();
    assertThrows(IllegalStateException.class, device::freeBytes);
    assertThrows(IllegalStateException.class, () -> device.allocate(1, "late"));
    assertThrows(IllegalStateException.class, device::newStream);
    assertThrows(IllegalStateException.class, () -> pinned.get(JAVA_BYTE, 0));
    open();
    assertCopiesAndFills();
  }

  @Test
  void numbersWithoutADeviceAreRefused() {
    int count = JCudaDevices.list().size();
    for (int ordinal : new int[] {-1, count, Integer.MAX_VALUE}) {
      String message =
          assertThrows(DeviceException.class, () -> JCudaDevices.open(ordinal).close())
              .getMessage();
      assertTrue(message.startsWith("no GPU has the number " + ordinal + ": 0 is "), message);
    }
  }
}
