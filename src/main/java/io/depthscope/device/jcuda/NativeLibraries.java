package io.depthscope.device.jcuda;

import io.depthscope.file.FileErrors;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
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

  private static final String ELSEWHERE = "; -Djava.io.tmpdir=FOLDER names another place";

  private NativeLibraries() {}

  /**
   * Unpacks a library and loads it.
   *
   * @param name of the resource {@code /lib/lib<name>.so}
   * @throws UnsatisfiedLinkError with the reason in one line
   */
  public static void load(String name) {
    String system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    if (!system.equals("Linux amd64")) {
      throw new UnsatisfiedLinkError("JCuda is packed for Linux on x86-64 only, not for " + system);
    }
    String file = "lib" + name + ".so";
    try (InputStream in = NativeLibraries.class.getResourceAsStream(resource(name))) {
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
      throw failure("cannot unpack " + file + ELSEWHERE + " (" + FileErrors.reason(e) + ")", e);
    } catch (UnsatisfiedLinkError e) {
      String message = String.valueOf(e.getMessage());
      if (message.contains("failed to map segment")) {
        throw failure("programs may not be run from where " + file + " is unpacked" + ELSEWHERE, e);
      }
      throw failure(message.replaceAll("/\\S*/(lib\\S+: )", "$1"), e); // without the folder
    }
  }

  /** Whether there is something to unpack. */
  static boolean isPacked(String name) {
    return NativeLibraries.class.getResource(resource(name)) != null;
  }

  private static String resource(String name) {
    return "/lib/lib" + name + ".so";
  }

  private static UnsatisfiedLinkError failure(String message, Throwable cause) {
    UnsatisfiedLinkError error = new UnsatisfiedLinkError(message);
    error.initCause(cause);
    return error;
  }

  /** What a failure to load says, in one line. */
  static String reason(LinkageError e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  /**
   * @throws UnsatisfiedLinkError if it cannot be loaded
   */
  @SuppressWarnings("restricted") // that is what native libraries are
  static void loadFile(Path library) {
    System.load(library.toString());
  }

  /** Whether the system's loader finds a library by its name; if so it is loaded for good. */
  @SuppressWarnings("restricted")
  static boolean isFound(String name) {
    try {
      SymbolLookup.libraryLookup(name, Arena.global());
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
