package io.depthscope.device.jcuda;

import io.depthscope.device.Device;
import io.depthscope.device.DeviceException;
import io.depthscope.device.DeviceInfo;
import io.depthscope.device.LibraryProbe;
import java.util.List;
import java.util.stream.Collectors;

/** The GPUs of this machine. */
public final class JCudaDevices {
  private JCudaDevices() {}

  /** Which libraries for GPUs load here, and why others do not. */
  public static List<LibraryProbe> probe() {
    Driver driver = Driver.get();
    Cublas cublas = Cublas.get();
    return List.of(
        probe("driver API", "CUDA " + DeviceInfo.cudaVersion(driver.version()), driver.reason()),
        probe("cuBLAS", cublas.version(), cublas.reason()),
        Cudnn.probe());
  }

  static LibraryProbe probe(String name, String version, String reason) {
    return new LibraryProbe(name, reason.isEmpty(), reason.isEmpty() ? version : reason);
  }

  /**
   * What there is, in the order of the numbers.
   *
   * @throws DeviceException with the reason in one line if there is no driver or no GPU
   */
  public static List<DeviceInfo> list() {
    return Driver.get().orThrow().devices();
  }

  /**
   * Opens a GPU. The caller closes it.
   *
   * @throws DeviceException with the reason in one line if there is no driver or no such GPU
   */
  public static Device open(int ordinal) {
    List<DeviceInfo> devices = list();
    if (ordinal < 0 || ordinal >= devices.size()) {
      throw new DeviceException(
          "no GPU has the number " + ordinal,
          0,
          "",
          devices.stream()
              .map(d -> d.ordinal() + " is " + d.name())
              .collect(Collectors.joining(", ")));
    }
    return new JCudaDevice(devices.get(ordinal), Boolean.getBoolean(JCudaDevice.SYNC));
  }
}
