package io.depthscope.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class DeviceArenaTest {

  @Test
  void givesEverythingBackInReverseOrder() {
    RecordingDevice device = new RecordingDevice();
    DeviceArena arena = new DeviceArena(device);
    arena.allocate(100, "weights");
    arena.allocatePinned(64);
    arena.newStream();
    arena.newEvent(true);
    arena.newEvent(false);
    arena.allocate(0, "nothing");
    assertEquals(101, arena.allocatedBytes());
    arena.close();
    arena.close();
    assertEquals(
        List.of(
            "allocate weights of 100",
            "pin 64",
            "stream",
            "event true",
            "event false",
            "allocate nothing of 1",
            "free 1280",
            "close event 4",
            "close event 3",
            "close stream 2",
            "unpin 64",
            "free 256"),
        device.calls());
  }

  @Test
  void buffersEndWithTheirArena() {
    DeviceArena arena = new DeviceArena(new RecordingDevice());
    DeviceBuffer buffer = arena.allocate(8, "weights");
    assertEquals(256, buffer.address());
    assertEquals(263, buffer.address(7));
    assertThrows(IndexOutOfBoundsException.class, () -> buffer.address(8));
    assertThrows(IndexOutOfBoundsException.class, () -> buffer.address(-1));
    arena.close();
    String message = assertThrows(IllegalStateException.class, buffer::address).getMessage();
    assertTrue(message.contains("weights"), message);
    assertThrows(IllegalStateException.class, () -> buffer.address(7));
  }

  @Test
  void aClosedArenaGivesNothing() {
    RecordingDevice device = new RecordingDevice();
    DeviceArena arena = new DeviceArena(device);
    arena.close();
    assertThrows(IllegalStateException.class, () -> arena.allocate(1, "late"));
    assertThrows(IllegalStateException.class, () -> arena.allocatePinned(1));
    assertThrows(IllegalStateException.class, arena::newStream);
    assertThrows(IllegalStateException.class, () -> arena.newEvent(false));
    assertEquals(List.of(), device.calls());
  }

  @Test
  void whatFailsIsNotFreed() {
    RecordingDevice device = new RecordingDevice("allocate second of 8", "pin 9");
    try (DeviceArena arena = new DeviceArena(device)) {
      arena.allocate(4, "first");
      DeviceException refused =
          assertThrows(DeviceException.class, () -> arena.allocate(8, "second"));
      assertTrue(refused.isOutOfMemory(), refused::toString);
      assertThrows(DeviceException.class, () -> arena.allocatePinned(9));
      assertThrows(IllegalArgumentException.class, () -> arena.allocate(-1, "negative"));
      assertEquals(4, arena.allocatedBytes());
    }
    assertEquals(
        List.of("allocate first of 4", "allocate second of 8", "pin 9", "free 256"),
        device.calls());
  }

  @Test
  void aFailureToFreeDoesNotKeepTheRest() {
    RecordingDevice device = new RecordingDevice("free 512", "free 256");
    DeviceArena arena = new DeviceArena(device);
    DeviceBuffer first = arena.allocate(1, "first");
    arena.allocate(1, "second");
    arena.newStream();
    assertEquals(
        "free 512", assertThrows(DeviceException.class, arena::close).operation(), "the first one");
    assertEquals(List.of("close stream 3", "free 512", "free 256"), device.calls().subList(3, 6));
    assertThrows(IllegalStateException.class, first::address);
    arena.close();
    assertEquals(6, device.calls().size(), "nothing is freed twice");
  }
}
