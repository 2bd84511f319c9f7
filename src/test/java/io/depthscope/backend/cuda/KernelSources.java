package io.depthscope.backend.cuda;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Compares images with the sources they name, as {@code tools/build-kernels --check} does. */
final class KernelSources {
  /** A source's line of the architectures it wants images for. */
  private static final Pattern WANTED = Pattern.compile("^// Images:(.*)$", Pattern.MULTILINE);

  private static final Pattern HEADER =
      Pattern.compile(
          """
          // Made by tools/build-kernels from the files below; do not edit\\.
          // sources: (.+)
          // sha256: ([0-9a-f]{64})

          \\.version\s""");

  private KernelSources() {}

  /** A line for each image that is missing, stale, or of no source. */
  @SuppressWarnings("StringSplitter") // there is no empty piece at the end
  static List<String> stale(Path kernels, List<PtxImage> images) throws IOException {
    Set<String> wanted = new TreeSet<>();
    try (Stream<Path> files = Files.list(kernels)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".cu")).toList()) {
        Matcher line = WANTED.matcher(Files.readString(file));
        String architectures = line.find() ? line.group(1).strip() : "sm_75";
        for (String architecture : architectures.split("\\s+")) {
          wanted.add(
              architecture + "/" + file.getFileName().toString().replaceFirst("\\.cu$", ".ptx"));
        }
      }
    }
    List<String> wrong = new ArrayList<>();
    for (PtxImage image : images) {
      Matcher header = HEADER.matcher(image.text());
      if (!wanted.remove(image.name())) {
        wrong.add(image.name() + " has no source");
      } else if (!header.lookingAt()) {
        wrong.add(image.name() + " has no header");
      } else {
        String[] sources = header.group(1).split(" ");
        if (!List.of(sources).contains(image.source())) {
          wrong.add(image.name() + " does not name " + image.source());
        } else if (!hash(kernels, sources).equals(header.group(2))) {
          wrong.add(image.name() + " is older than its sources");
        }
      }
    }
    wanted.forEach(name -> wrong.add(name + " is missing"));
    return wrong;
  }

  /** What {@code sha256sum SOURCES | sha256sum} prints in the folder; empty if one is not there. */
  private static String hash(Path kernels, String... sources) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (String source : sources) {
      Path file = kernels.resolve(source);
      if (!Files.isRegularFile(file)) {
        return "";
      }
      lines.append(sha256(Files.readAllBytes(file))).append("  ").append(source).append('\n');
    }
    return sha256(lines.toString().getBytes(UTF_8));
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
