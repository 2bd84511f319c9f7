package io.depthscope.device.jcuda;

import io.depthscope.device.DeviceException;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasStatus;

/**
 * cuBLAS, loaded once. JCuda's library asks for that of CUDA 12; where there is only that of CUDA
 * 13, a library of our own answers to the name and forwards.
 *
 * @param version such as {@code 12.6.1}; empty where it was not loaded
 * @param reason why it was not, in one line; empty if it was
 */
record Cublas(String version, String reason) {
  private static final String NAME = "libcublas.so.12";
  private static final String NEXT = "libcublas.so.13";
  private static final String FORWARDER = "depthscope-cublas-forwarder-" + NativeLibraries.PLATFORM;

  private static final class Loaded {
    static final Cublas CUBLAS = load();
  }

  static Cublas get() {
    return Loaded.CUBLAS;
  }

  /**
   * @throws DeviceException with the reason if it was not loaded
   */
  Cublas orThrow() {
    if (!reason.isEmpty()) {
      throw new DeviceException("cuBLAS cannot be used", 0, "", reason);
    }
    return this;
  }

  private static Cublas load() {
    try {
      if (!NativeLibraries.isFound(NAME)) {
        if (!NativeLibraries.isFound(NEXT)) {
          return new Cublas("", "neither " + NAME + " nor " + NEXT + " is found");
        }
        if (!NativeLibraries.isPacked(FORWARDER)) {
          return new Cublas(
              "", NAME + " is not found, and this build cannot use " + NEXT + " in its place");
        }
        NativeLibraries.load(FORWARDER);
      }
      JCublas2.setExceptionsEnabled(false); // every status is checked here
      int[] version = new int[3];
      for (int part = 0; part < version.length; part++) {
        int[] value = new int[1];
        check(JCublas2.cublasGetProperty(part, value), "cublasGetProperty", "");
        version[part] = value[0];
      }
      return new Cublas(version[0] + "." + version[1] + "." + version[2], "");
    } catch (LinkageError e) {
      return new Cublas("", NativeLibraries.reason(e));
    } catch (DeviceException e) {
      return new Cublas("", e.getMessage());
    }
  }

  static void check(int status, String operation, String detail) {
    if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
      String name = cublasStatus.stringFor(status);
      throw new DeviceException(operation, status, name.startsWith("CUBLAS_") ? name : "", detail);
    }
  }
}
