package io.depthscope.device.jcuda;

import io.depthscope.device.DeviceException;
import io.depthscope.device.DeviceInfo;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jcuda.LibUtils;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * The driver of this machine, loaded once: a process cannot load it again, and a failure stays one.
 *
 * @param version as the driver encodes it; 0 where none was loaded
 * @param reason why there is nothing to open, in one line; empty if there is
 */
record Driver(int version, String reason) {
  static final String PROPERTY = "depthscope.cuda.driver";
  static final String VARIABLE = "DEPTHSCOPE_CUDA_DRIVER";

  /**
   * The oldest driver that has every function called here; the youngest of them is
   * cuDevicePrimaryCtxRelease_v2. An older one would end the process at the first call it lacks.
   */
  private static final int OLDEST = 11000;

  /** Only where the environment asks for all functions at once (LD_BIND_NOW). */
  private static final Pattern UNDEFINED = Pattern.compile("undefined symbol: (cu\\w+)");

  private static final class Loaded {
    static final Driver DRIVER = load();
  }

  static Driver get() {
    return Loaded.DRIVER;
  }

  /**
   * @throws DeviceException with the reason if there is nothing to open
   */
  Driver orThrow() {
    if (!reason.isEmpty()) {
      throw new DeviceException("no GPU can be used", 0, "", reason);
    }
    return this;
  }

  private static Driver load() {
    if (!isReplaced(LibUtils.class)) {
      return new Driver(0, "JCuda stands before Depthscope on the class path");
    }
    try {
      String path = System.getProperty(PROPERTY, System.getenv(VARIABLE));
      if (path != null && !path.isEmpty()) {
        // JCuda's library asks for libcuda.so.1 and is given the one that is there already.
        Path file = Path.of(path);
        if (!file.isAbsolute() || !Files.isRegularFile(file)) {
          return new Driver(0, PROPERTY + " is no absolute path of a file: " + path);
        }
        NativeLibraries.loadFile(file);
      }
      JCudaDriver.setExceptionsEnabled(false); // every status is checked here
      return start();
    } catch (LinkageError e) {
      return new Driver(0, reason(e));
    } catch (DeviceException | InvalidPathException e) {
      return new Driver(0, e.getMessage());
    }
  }

  /** Whether JCuda's class was found where this one was; its own would load foreign files. */
  private static boolean isReplaced(Class<?> loader) {
    return loader
        .getProtectionDomain()
        .getCodeSource()
        .equals(Driver.class.getProtectionDomain().getCodeSource());
  }

  private static Driver start() {
    int[] version = new int[1];
    int status = JCudaDriver.cuDriverGetVersion(version);
    if (status != CUresult.CUDA_SUCCESS) {
      return new Driver(0, text(status, "cuDriverGetVersion"));
    }
    if (version[0] < OLDEST) {
      return new Driver(
          version[0],
          "the driver is one for CUDA "
              + DeviceInfo.cudaVersion(version[0])
              + "; CUDA "
              + DeviceInfo.cudaVersion(OLDEST)
              + " or newer is needed");
    }
    return new Driver(version[0], initialize());
  }

  private static String initialize() {
    int status = JCudaDriver.cuInit(0);
    return switch (status) {
      case CUresult.CUDA_SUCCESS -> count() == 0 ? noGpu() : "";
      case CUresult.CUDA_ERROR_NO_DEVICE -> noGpu();
      case CUresult.CUDA_ERROR_STUB_LIBRARY ->
          "libcuda.so.1 is the stub of a CUDA toolkit, not a driver";
      case CUresult.CUDA_ERROR_SYSTEM_DRIVER_MISMATCH ->
          "libcuda.so.1 and the driver in the kernel are of different versions";
      default -> text(status, "cuInit");
    };
  }

  private static String noGpu() {
    String visible = System.getenv("CUDA_VISIBLE_DEVICES");
    return "the driver finds no GPU"
        + (visible == null ? "" : " (CUDA_VISIBLE_DEVICES is '" + visible + "')");
  }

  private static String text(int status, String operation) {
    return Status.failure(status, operation, "").getMessage();
  }

  /** What a failure to load says, in words. */
  private static String reason(LinkageError e) {
    String message = NativeLibraries.reason(e);
    if (message.contains("libcuda.so.1: cannot open shared object file")) {
      return "no NVIDIA driver is installed (libcuda.so.1 is not found)";
    }
    Matcher missing = UNDEFINED.matcher(message);
    return missing.find()
        ? "the driver is too old for JCuda, it lacks " + missing.group(1)
        : message;
  }

  private static int count() {
    int[] count = new int[1];
    Status.check(JCudaDriver.cuDeviceGetCount(count), "cuDeviceGetCount");
    return count[0];
  }

  List<DeviceInfo> devices() {
    List<DeviceInfo> devices = new ArrayList<>();
    for (int ordinal = 0; ordinal < count(); ordinal++) {
      devices.add(info(ordinal));
    }
    return devices;
  }

  static CUdevice device(int ordinal) {
    CUdevice device = new CUdevice();
    Status.check(JCudaDriver.cuDeviceGet(device, ordinal), "cuDeviceGet");
    return device;
  }

  private DeviceInfo info(int ordinal) {
    CUdevice device = device(ordinal);
    byte[] name = new byte[256];
    Status.check(JCudaDriver.cuDeviceGetName(name, name.length, device), "cuDeviceGetName");
    int length = 0;
    while (length < name.length && name[length] != 0) {
      length++;
    }
    long[] memory = new long[1];
    Status.check(JCudaDriver.cuDeviceTotalMem(memory, device), "cuDeviceTotalMem");
    return new DeviceInfo(
        ordinal,
        new String(name, 0, length, StandardCharsets.UTF_8),
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
        memory[0],
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK),
        version);
  }

  private static int attribute(CUdevice device, int attribute) {
    int[] value = new int[1];
    Status.check(
        JCudaDriver.cuDeviceGetAttribute(value, attribute, device), "cuDeviceGetAttribute");
    return value[0];
  }
}
