package io.depthscope.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Hands out memory, streams and events that are only numbers, and writes down the calls. */
final class RecordingDevice implements Device {
  static final int MISSING = 2;

  private final List<String> calls = new ArrayList<>();
  private final List<String> failing;
  private int ids;

  /**
   * @param failing calls that fail, in the words of {@link #calls}
   */
  RecordingDevice(String... failing) {
    this.failing = List.of(failing);
  }

  List<String> calls() {
    return calls;
  }

  private void call(String text) {
    calls.add(text);
    if (failing.contains(text)) {
      throw new DeviceException(text, MISSING, "MISSING", "");
    }
  }

  @Override
  public DeviceInfo info() {
    return new DeviceInfo(0, "recording", 7, 5, 1, 1L << 30, 48 << 10, 12060);
  }

  @Override
  public long freeBytes() {
    return 1L << 30;
  }

  @Override
  public long allocate(long bytes, String purpose) {
    call("allocate " + purpose + " of " + bytes);
    return 256L * ++ids;
  }

  @Override
  public void free(long address) {
    call("free " + address);
  }

  @Override
  public MemorySegment allocatePinned(long bytes) {
    call("pin " + bytes);
    return Arena.ofAuto().allocate(bytes);
  }

  @Override
  public void freePinned(MemorySegment memory) {
    call("unpin " + memory.byteSize());
  }

  @Override
  public DeviceStream newStream() {
    call("stream");
    return new DeviceStream(++ids);
  }

  @Override
  public void closeStream(DeviceStream stream) {
    call("close stream " + stream.id());
  }

  @Override
  public DeviceEvent newEvent(boolean timing) {
    call("event " + timing);
    return new DeviceEvent(++ids);
  }

  @Override
  public void closeEvent(DeviceEvent event) {
    call("close event " + event.id());
  }

  @Override
  public void load(KernelImage image) {
    throw new UnsupportedOperationException();
  }

  @Override
  public KernelResources resources(KernelSpec kernel) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void launch(DeviceStream stream, KernelLaunch launch) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void upload(DeviceStream stream, MemorySegment from, long to, long bytes) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void download(DeviceStream stream, long from, MemorySegment to, long bytes) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void copy(DeviceStream stream, long from, long to, long bytes) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void fill(DeviceStream stream, long address, int value, long bytes) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void record(DeviceStream stream, DeviceEvent event) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void waitFor(DeviceStream stream, DeviceEvent event) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void await(DeviceEvent event) {
    throw new UnsupportedOperationException();
  }

  @Override
  public double millisBetween(DeviceEvent from, DeviceEvent to) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void synchronize() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    calls.add("close");
  }
}
