package io.depthscope.backend.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A committed PTX file, taken apart.
 *
 * @param name such as {@code sm_75/pool.ptx}
 */
record PtxImage(String name, String text) {
  /** Most static shared memory of a block on every device. */
  static final int SHARED_LIMIT = 48 << 10;

  private static final Pattern ENTRY =
      Pattern.compile("^\\.visible \\.entry (\\w+)\\((.*?)^}", Pattern.MULTILINE | Pattern.DOTALL);
  private static final Pattern SHARED =
      Pattern.compile("\\.shared \\.align (\\d+) \\.[a-z](\\d+)\\s+([\\w$]+)(?:\\[(\\d+)])?");
  private static final Pattern THREADS = Pattern.compile("\\.maxntid (\\d+), 1, 1\\b");
  private static final Pattern WORD = Pattern.compile("[\\w$]+");

  /** Instructions that round in another way than CUDA C++ without fast-math, or may be fused. */
  private static final Map<String, Pattern> FORBIDDEN =
      Map.of(
          "flushes subnormals", Pattern.compile("\\.ftz\\b"),
          "is approximate", Pattern.compile("\\.(approx|full)\\b"),
          "has no rounding, so it may be fused",
              Pattern.compile("^(add|sub|mul|mad|fma|div|sqrt|rcp)(?!\\.rn\\b).*\\.f(32|64)\\b"),
          "is of half precision", Pattern.compile("\\.b?f16"));

  /** All images under a folder, in the order of their names. */
  static List<PtxImage> readAll(Path folder) throws IOException {
    List<PtxImage> images = new ArrayList<>();
    List<Path> files;
    try (Stream<Path> found = Files.walk(folder)) {
      files = found.filter(f -> f.toString().endsWith(".ptx")).sorted().toList();
    }
    for (Path file : files) {
      images.add(new PtxImage(folder.relativize(file).toString(), Files.readString(file)));
    }
    return images;
  }

  /** The architecture its folder is named after: 75. */
  int architecture() {
    return Integer.parseInt(name.substring("sm_".length(), name.indexOf('/')));
  }

  /** The source under kernels/ it was made from: {@code pool.cu}. */
  String source() {
    return name.substring(name.indexOf('/') + 1).replaceFirst("\\.ptx$", ".cu");
  }

  /** Body of each kernel, parameters included. */
  Map<String, String> kernels() {
    Map<String, String> bodies = new LinkedHashMap<>();
    Matcher entry = ENTRY.matcher(text);
    while (entry.find()) {
      bodies.put(entry.group(1), entry.group(2));
    }
    return bodies;
  }

  /** Threads a block of each kernel that has launch bounds in one dimension. */
  Map<String, Integer> threads() {
    Map<String, Integer> threads = new LinkedHashMap<>();
    kernels()
        .forEach(
            (kernel, body) -> {
              Matcher bound = THREADS.matcher(body);
              if (bound.find()) {
                threads.put(kernel, Integer.valueOf(bound.group(1)));
              }
            });
    return threads;
  }

  /** Bytes of static shared memory each kernel names. */
  Map<String, Integer> sharedBytes() {
    Map<String, int[]> variables = new HashMap<>(); // bytes and alignment
    Matcher variable = SHARED.matcher(text);
    while (variable.find()) {
      int elements = variable.group(4) == null ? 1 : Integer.parseInt(variable.group(4));
      int bytes = Math.multiplyExact(Integer.parseInt(variable.group(2)) / 8, elements);
      variables.put(variable.group(3), new int[] {bytes, Integer.parseInt(variable.group(1))});
    }
    Map<String, Integer> bytes = new LinkedHashMap<>();
    kernels()
        .forEach(
            (kernel, body) -> {
              int sum =
                  WORD.matcher(body)
                      .results()
                      .map(m -> m.group())
                      .distinct()
                      .filter(variables::containsKey)
                      .mapToInt(
                          v -> {
                            int align = variables.get(v)[1];
                            return (variables.get(v)[0] + align - 1) / align * align;
                          })
                      .sum();
              bytes.put(kernel, sum);
            });
    return bytes;
  }

  /** What is wrong with the text, a line each. */
  List<String> faults(String version) {
    List<String> faults = new ArrayList<>();
    if (!text.contains("\n.version " + version + "\n")) {
      faults.add(name + " is not of ISA " + version);
    }
    if (!text.contains("\n.target sm_" + architecture() + "\n")) {
      faults.add(name + " is not for sm_" + architecture());
    }
    Map<String, String> kernels = kernels();
    if (kernels.isEmpty()) {
      faults.add(name + " has no kernel");
    }
    kernels.forEach(
        (kernel, body) -> {
          for (String line : body.lines().map(String::strip).toList()) {
            String instruction = line.replaceFirst("^@!?%\\w+\\s+", "");
            FORBIDDEN.forEach(
                (what, pattern) -> {
                  if (pattern.matcher(instruction).find()) {
                    faults.add(name + ", " + kernel + ": '" + line + "' " + what);
                  }
                });
          }
        });
    sharedBytes()
        .forEach(
            (kernel, bytes) -> {
              if (bytes > SHARED_LIMIT) {
                faults.add(name + ", " + kernel + ": " + bytes + " bytes of shared memory");
              }
            });
    for (String kernel : kernels.keySet()) {
      if (!threads().containsKey(kernel)) {
        faults.add(name + ", " + kernel + ": no launch bounds");
      }
    }
    return faults;
  }
}
