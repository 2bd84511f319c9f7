package io.depthscope.record;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/** What the build wrote about itself into the jar; "unknown" where it did not. */
public record BuildInfo(String version, String commit, boolean dirty) {
  private static final String RESOURCE = "/io/depthscope/build.properties";

  public static BuildInfo load() {
    Properties p = new Properties();
    try (InputStream in = BuildInfo.class.getResourceAsStream(RESOURCE)) {
      if (in != null) {
        p.load(in);
      }
    } catch (IOException e) {
      p.clear(); // provenance then says unknown
    }
    return new BuildInfo(
        known(p.getProperty("version")),
        known(p.getProperty("git.commit")),
        Boolean.parseBoolean(p.getProperty("git.dirty")));
  }

  private static String known(String value) {
    return value == null || value.isBlank() || value.startsWith("${") ? "unknown" : value;
  }

  /** Such as {@code 0.1.0 (1a2b3c4)}. */
  public String text() {
    return version + " (" + commit + (dirty ? ", modified)" : ")");
  }

  /** The commit, and whether the sources were changed since. */
  public String commitText() {
    return commit + (dirty ? " (modified)" : "");
  }
}
