package jcuda;

import io.depthscope.device.jcuda.NativeLibraries;

/**
 * Stands in for JCuda's class of this name, which keeps its libraries under fixed names in a folder
 * that others may write to and loads whatever lies there. JCuda's classes call it when they are
 * initialized; it hands over to {@link NativeLibraries}.
 */
public final class LibUtils {
  /** The operating systems that JCuda asks for. */
  public enum OSType {
    APPLE,
    LINUX,
    UNKNOWN
  }

  private LibUtils() {}

  /**
   * Loads a library that JCuda packs.
   *
   * @throws UnsatisfiedLinkError with the reason in one line
   */
  public static void loadLibrary(String libraryName, String... dependentLibraryNames) {
    NativeLibraries.load(libraryName);
  }

  /** The name of a library for this system, such as {@code JCudaDriver-12.6.0-linux-x86_64}. */
  public static String createPlatformLibraryName(String baseName) {
    return baseName + "-" + NativeLibraries.PLATFORM;
  }

  public static OSType calculateOS() {
    String name = System.getProperty("os.name", "");
    if (name.startsWith("Linux")) {
      return OSType.LINUX;
    }
    return name.startsWith("Mac") ? OSType.APPLE : OSType.UNKNOWN;
  }
}
