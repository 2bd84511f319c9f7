package io.depthscope.device.jcuda;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.depthscope.device.Device;
import io.depthscope.device.DeviceEvent;
import io.depthscope.device.DeviceException;
import io.depthscope.device.DeviceInfo;
import io.depthscope.device.DeviceStream;
import io.depthscope.device.KernelImage;
import io.depthscope.device.KernelLaunch;
import io.depthscope.device.KernelResources;
import io.depthscope.device.KernelSpec;
import io.depthscope.device.MatrixLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUjit_option;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/** A GPU through JCuda's binding of the driver API, in the device's primary context. */
final class JCudaDevice implements Device {
  /** System property: wait for every launch, so that a failure names its kernel. */
  static final String SYNC = "depthscope.cuda.sync";

  private static final int LOG_BYTES = 16 << 10;
  private static final int LOG_SHOWN = 1000;

  /**
   * The context this package made current on a thread. The driver keeps the same; asking this
   * instead spares a native call each time.
   */
  private static final ThreadLocal<CUcontext> CURRENT = new ThreadLocal<>();

  private record Pinned(Pointer pointer, Arena arena) {}

  /** A stream and what was started on it last, for messages. */
  private static final class Stream {
    private final CUstream handle = new CUstream();
    private volatile KernelLaunch last;
  }

  /** An event and the launch it came after, for messages. */
  private static final class Event {
    private final CUevent handle = new CUevent();
    private volatile KernelLaunch after;
  }

  private final DeviceInfo info;
  private final boolean sync;
  private final CUdevice device;
  private final CUcontext context = new CUcontext();
  private final Arena arena = Arena.ofShared();
  private final KernelArguments arguments = new KernelArguments(arena);
  private final List<CUmodule> modules = new CopyOnWriteArrayList<>();
  private final Map<String, CUfunction> functions = new ConcurrentHashMap<>();
  private final Map<DeviceStream, Stream> streams = new ConcurrentHashMap<>();
  private final Map<DeviceEvent, Event> events = new ConcurrentHashMap<>();
  private final Map<Long, Pinned> pinned = new ConcurrentHashMap<>();
  private final AtomicLong ids = new AtomicLong();
  private volatile boolean closed;

  JCudaDevice(DeviceInfo info, boolean sync) {
    this.info = info;
    this.sync = sync;
    device = Driver.device(info.ordinal());
    Status.check(
        JCudaDriver.cuDevicePrimaryCtxRetain(context, device), "open device " + info.ordinal());
  }

  @Override
  public DeviceInfo info() {
    return info;
  }

  /** Must come before every call to the driver: makes the context current on this thread. */
  @SuppressWarnings("ReferenceEquality") // a handle may come again after its context has ended
  void enter() {
    if (closed) {
      throw new IllegalStateException("device " + info.ordinal() + " used after it was closed");
    }
    if (CURRENT.get() != context) {
      Status.check(JCudaDriver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
      CURRENT.set(context);
    }
  }

  // Memory

  @Override
  public long freeBytes() {
    enter();
    long[] free = new long[1];
    Status.check(JCudaDriver.cuMemGetInfo(free, new long[1]), "cuMemGetInfo");
    return free[0];
  }

  @Override
  public long allocate(long bytes, String purpose) {
    if (bytes < 1) {
      throw new IllegalArgumentException(bytes + " bytes for " + purpose);
    }
    enter();
    DeviceAddress address = new DeviceAddress();
    int status = JCudaDriver.cuMemAlloc(address, bytes);
    if (status != CUresult.CUDA_SUCCESS) {
      String detail = bytes + " bytes for " + purpose;
      if (status == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
        detail += ", of " + freeBytes() + " free";
      }
      throw Status.failure(status, "cuMemAlloc", detail);
    }
    return address.value();
  }

  @Override
  public void free(long address) {
    enter();
    Status.check(JCudaDriver.cuMemFree(new DeviceAddress(address)), "cuMemFree");
  }

  @Override
  @SuppressWarnings("restricted") // memory of the driver's, known by its address
  public MemorySegment allocatePinned(long bytes) {
    if (bytes < 1 || bytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          bytes + " bytes of page-locked memory, which comes in pieces of up to 2 GiB");
    }
    enter();
    Pointer pointer = new Pointer();
    int status = JCudaDriver.cuMemHostAlloc(pointer, bytes, JCudaDriver.CU_MEMHOSTALLOC_PORTABLE);
    if (status != CUresult.CUDA_SUCCESS) {
      throw Status.failure(status, "cuMemHostAlloc", bytes + " bytes of page-locked memory");
    }
    // An arena of its own lets a use after freePinned fail instead of crash.
    Arena owner = Arena.ofShared();
    long address = MemorySegment.ofBuffer(pointer.getByteBuffer(0, bytes)).address();
    pinned.put(address, new Pinned(pointer, owner));
    return MemorySegment.ofAddress(address).reinterpret(bytes, owner, null);
  }

  @Override
  public void freePinned(MemorySegment memory) {
    enter();
    Pinned allocation = pinned.remove(memory.address());
    if (allocation == null) {
      throw new IllegalArgumentException("no page-locked memory begins at " + memory);
    }
    allocation.arena().close();
    Status.check(JCudaDriver.cuMemFreeHost(allocation.pointer()), "cuMemFreeHost");
  }

  // Kernels

  @Override
  public void load(KernelImage image) {
    enter();
    CUmodule module = new CUmodule();
    try (Arena call = Arena.ofConfined()) {
      MemorySegment text = call.allocate(image.bytes().length + 1L, 16); // ends in NUL
      MemorySegment.copy(image.bytes(), 0, text, JAVA_BYTE, 0, image.bytes().length);
      MemorySegment log = call.allocate(LOG_BYTES);
      int[] options = {
        CUjit_option.CU_JIT_ERROR_LOG_BUFFER, CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES
      };
      MemorySegment values = call.allocate(JAVA_LONG, options.length);
      values.setAtIndex(JAVA_LONG, 0, log.address());
      values.setAtIndex(JAVA_LONG, 1, LOG_BYTES);
      int status =
          JCudaDriver.cuModuleLoadDataEx(
              module, new HostAddress(text), options.length, options, new HostAddress(values));
      if (status != CUresult.CUDA_SUCCESS) {
        throw Status.failure(status, "load " + image.name(), logText(log));
      }
    }
    modules.add(module);
    functions.clear(); // what was found before may be hidden now
  }

  private static String logText(MemorySegment log) {
    log.set(JAVA_BYTE, LOG_BYTES - 1L, (byte) 0);
    String text = log.getString(0, StandardCharsets.UTF_8);
    text = text.replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
    return text.length() <= LOG_SHOWN ? text : text.substring(0, LOG_SHOWN) + " ...";
  }

  @Override
  public KernelResources resources(KernelSpec kernel) {
    enter();
    CUfunction function = function(kernel);
    return new KernelResources(
        attribute(function, CUfunction_attribute.CU_FUNC_ATTRIBUTE_NUM_REGS),
        attribute(function, CUfunction_attribute.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES),
        attribute(function, CUfunction_attribute.CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES),
        attribute(function, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK));
  }

  private static int attribute(CUfunction function, int attribute) {
    int[] value = new int[1];
    Status.check(JCudaDriver.cuFuncGetAttribute(value, attribute, function), "cuFuncGetAttribute");
    return value[0];
  }

  private CUfunction function(KernelSpec kernel) {
    CUfunction known = functions.get(kernel.symbol());
    return known != null ? known : functions.computeIfAbsent(kernel.symbol(), this::find);
  }

  private CUfunction find(String symbol) {
    for (CUmodule module : modules.reversed()) {
      CUfunction function = new CUfunction();
      int status = JCudaDriver.cuModuleGetFunction(function, module, symbol);
      if (status == CUresult.CUDA_SUCCESS) {
        return function;
      }
      if (status != CUresult.CUDA_ERROR_NOT_FOUND) {
        throw Status.failure(status, "cuModuleGetFunction", symbol);
      }
    }
    throw new DeviceException("no loaded image has kernel " + symbol, 0, "", "");
  }

  @Override
  public void launch(DeviceStream stream, KernelLaunch launch) {
    enter();
    Stream on = stream(stream);
    KernelSpec kernel = launch.kernel();
    CUfunction function = function(kernel);
    int status;
    synchronized (arguments) {
      Pointer parameters = arguments.write(launch);
      status =
          JCudaDriver.cuLaunchKernel(
              function,
              launch.blocks(),
              1,
              1,
              kernel.threads(),
              1,
              1,
              0,
              on.handle,
              parameters,
              null);
    }
    if (status != CUresult.CUDA_SUCCESS) {
      throw Status.failure(status, "launch", text(launch));
    }
    on.last = launch;
    if (sync) {
      status = JCudaDriver.cuStreamSynchronize(on.handle);
      if (status != CUresult.CUDA_SUCCESS) {
        throw new DeviceException("launch", status, Status.name(status), text(launch));
      }
    }
  }

  private static String text(KernelLaunch launch) {
    KernelSpec kernel = launch.kernel();
    return kernel.symbol()
        + ", "
        + launch.blocks()
        + " blocks of "
        + kernel.threads()
        + " threads, "
        + launch.shapes();
  }

  // Copies

  @Override
  public void upload(DeviceStream stream, MemorySegment from, long to, long bytes) {
    enter();
    check(
        JCudaDriver.cuMemcpyHtoDAsync(
            new DeviceAddress(to), host(from, bytes), bytes, stream(stream).handle),
        "upload",
        bytes);
  }

  @Override
  public void download(DeviceStream stream, long from, MemorySegment to, long bytes) {
    enter();
    check(
        JCudaDriver.cuMemcpyDtoHAsync(
            host(to, bytes), new DeviceAddress(from), bytes, stream(stream).handle),
        "download",
        bytes);
  }

  @Override
  public void copy(DeviceStream stream, long from, long to, long bytes) {
    enter();
    check(
        JCudaDriver.cuMemcpyDtoDAsync(
            new DeviceAddress(to), new DeviceAddress(from), bytes, stream(stream).handle),
        "copy",
        bytes);
  }

  @Override
  public void fill(DeviceStream stream, long address, int value, long bytes) {
    enter();
    check(
        JCudaDriver.cuMemsetD8Async(
            new DeviceAddress(address), (byte) value, bytes, stream(stream).handle),
        "fill",
        bytes);
  }

  private static HostAddress host(MemorySegment memory, long bytes) {
    Objects.checkFromIndexSize(0, bytes, memory.byteSize());
    return new HostAddress(memory);
  }

  private static void check(int status, String operation, long bytes) {
    if (status != CUresult.CUDA_SUCCESS) {
      throw Status.failure(status, operation, bytes + " bytes");
    }
  }

  // Streams and events

  @Override
  public DeviceStream newStream() {
    enter();
    Stream stream = new Stream();
    Status.check(
        JCudaDriver.cuStreamCreate(stream.handle, CUstream_flags.CU_STREAM_NON_BLOCKING),
        "cuStreamCreate");
    DeviceStream id = new DeviceStream(ids.incrementAndGet());
    streams.put(id, stream);
    return id;
  }

  @Override
  public void closeStream(DeviceStream stream) {
    enter();
    CUstream handle = stream(stream).handle;
    streams.remove(stream);
    Status.check(JCudaDriver.cuStreamDestroy(handle), "cuStreamDestroy");
  }

  @Override
  public DeviceEvent newEvent(boolean timing) {
    enter();
    // A thread that waits leaves its core to those that read images.
    int flags = CUevent_flags.CU_EVENT_BLOCKING_SYNC;
    if (!timing) {
      flags |= CUevent_flags.CU_EVENT_DISABLE_TIMING;
    }
    Event event = new Event();
    Status.check(JCudaDriver.cuEventCreate(event.handle, flags), "cuEventCreate");
    DeviceEvent id = new DeviceEvent(ids.incrementAndGet());
    events.put(id, event);
    return id;
  }

  @Override
  public void closeEvent(DeviceEvent event) {
    enter();
    CUevent handle = event(event).handle;
    events.remove(event);
    Status.check(JCudaDriver.cuEventDestroy(handle), "cuEventDestroy");
  }

  private Stream stream(DeviceStream stream) {
    Stream known = streams.get(stream);
    if (known == null) {
      throw new IllegalStateException("device stream used after it was closed");
    }
    return known;
  }

  private Event event(DeviceEvent event) {
    Event known = events.get(event);
    if (known == null) {
      throw new IllegalStateException("device event used after it was closed");
    }
    return known;
  }

  @Override
  public void record(DeviceStream stream, DeviceEvent event) {
    enter();
    Stream on = stream(stream);
    Event of = event(event);
    of.after = on.last;
    Status.check(JCudaDriver.cuEventRecord(of.handle, on.handle), "cuEventRecord");
  }

  @Override
  public void waitFor(DeviceStream stream, DeviceEvent event) {
    enter();
    Status.check(
        JCudaDriver.cuStreamWaitEvent(stream(stream).handle, event(event).handle, 0),
        "cuStreamWaitEvent");
  }

  @Override
  public void await(DeviceEvent event) {
    enter();
    Event of = event(event);
    int status = JCudaDriver.cuEventSynchronize(of.handle);
    if (status != CUresult.CUDA_SUCCESS) {
      KernelLaunch after = of.after;
      throw Status.failure(
          status, "wait for an event", after == null ? "" : "recorded after " + text(after));
    }
  }

  @Override
  public double millisBetween(DeviceEvent from, DeviceEvent to) {
    enter();
    float[] millis = new float[1];
    Status.check(
        JCudaDriver.cuEventElapsedTime(millis, event(from).handle, event(to).handle),
        "cuEventElapsedTime");
    return millis[0];
  }

  /** JCuda's stream, for its other libraries. */
  CUstream handle(DeviceStream stream) {
    return stream(stream).handle;
  }

  @Override
  public MatrixLibrary openMatrixLibrary(boolean allowTf32) {
    return new CublasMatrices(this, allowTf32);
  }

  @Override
  public void synchronize() {
    enter();
    Status.check(JCudaDriver.cuCtxSynchronize(), "wait for the device");
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    enter();
    closed = true;
    for (CUmodule module : modules) {
      JCudaDriver.cuModuleUnload(module); // a lost device refuses, and its context ends it anyway
    }
    for (Pinned allocation : pinned.values()) {
      allocation.arena().close();
    }
    arena.close();
    CURRENT.remove();
    Status.check(JCudaDriver.cuDevicePrimaryCtxRelease(device), "close the device");
  }
}
