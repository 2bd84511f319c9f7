package io.depthscope.file;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256, which every Java platform has. */
public final class Sha256 {
  private static final int PIECE = 1 << 16;

  private Sha256() {}

  /** A digest to add bytes to. */
  public static MessageDigest begin() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  /** A finished digest as lower-case hexadecimal. */
  public static String hex(byte[] digest) {
    return HexFormat.of().formatHex(digest);
  }

  /**
   * The digest of a file's bytes, as lower-case hexadecimal.
   *
   * @throws IOException naming the file, if it cannot be read
   */
  public static String of(Path file) throws IOException {
    MessageDigest digest = begin();
    try (InputStream in = Files.newInputStream(file)) {
      byte[] piece = new byte[PIECE];
      for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
        digest.update(piece, 0, n);
      }
    } catch (IOException e) {
      throw new IOException(file + ": " + FileErrors.reason(e), e);
    }
    return hex(digest.digest());
  }

  /** The digest of these bytes, as lower-case hexadecimal. */
  public static String of(byte[] bytes) {
    return hex(begin().digest(bytes));
  }
}
