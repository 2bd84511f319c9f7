package io.depthscope.device.jcuda;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Loads native libraries that are packed as resources. Each is unpacked into a folder of its own
 * that nobody else may enter, loaded, and deleted at once: a loaded library needs its file no more.
 * So nothing that lies in the temporary folder is ever loaded, and nothing stays there.
 */
public final class NativeLibraries {
  /** The one system that libraries are packed for, in JCuda's words. */
  public static final String PLATFORM = "linux-x86_64";

  private NativeLibraries() {}

  /**
   * @param name of the resource {@code /lib/lib<name>.so}
   * @throws UnsatisfiedLinkError with the reason in one line
   */
  public static void load(String name) {
    String system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    if (!system.equals("Linux amd64")) {
      throw new UnsatisfiedLinkError("JCuda is packed for Linux on x86-64 only, not for " + system);
    }
    String file = "lib" + name + ".so";
    try (InputStream in = NativeLibraries.class.getResourceAsStream("/lib/" + file)) {
      if (in == null) {
        throw new UnsatisfiedLinkError(file + " is missing in this build");
      }
      Path folder = Files.createTempDirectory("depthscope-native"); // for its owner alone
      Path library = folder.resolve(file);
      try {
        Files.copy(in, library);
        loadFile(library);
      } finally {
        Files.deleteIfExists(library);
        Files.deleteIfExists(folder);
      }
    } catch (IOException e) {
      throw (UnsatisfiedLinkError)
          new UnsatisfiedLinkError("cannot unpack " + file + ": " + e).initCause(e);
    }
  }

  /**
   * @throws UnsatisfiedLinkError if it cannot be loaded
   */
  @SuppressWarnings("restricted") // that is what native libraries are
  static void loadFile(Path library) {
    System.load(library.toString());
  }
}
