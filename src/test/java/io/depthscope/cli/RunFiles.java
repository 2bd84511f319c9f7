package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Reads and compares run directories. */
final class RunFiles {
  static final String MANIFEST = "manifest.json";
  static final String REPORT = "report.html";

  /** The files of a finished run. */
  static final List<String> NAMES =
      List.of(
          "channels.csv",
          "findings.json",
          "histograms.json",
          "layers.csv",
          MANIFEST,
          "predictions.csv",
          "quantization.json",
          "results.json");

  private RunFiles() {}

  /** Contents by name, in the order of the names. */
  static Map<String, byte[]> contents(Path directory) {
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> list = Files.list(directory)) {
      for (Path file : list.toList()) {
        boolean regular = Files.isRegularFile(file); // a device may have no end
        files.put(file.getFileName().toString(), regular ? Files.readAllBytes(file) : new byte[0]);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return files;
  }

  /**
   * Checks that both are finished and that all files hold the same bytes, but for the manifest and
   * the report, which shows it and may be missing.
   */
  static void assertSame(Path expected, Path actual, String what) {
    assertEquals(NAMES, names(expected), what);
    assertEquals(NAMES, names(actual), what);
    assertEquals(Set.of(), differing(expected, actual, MANIFEST, REPORT), what);
  }

  private static List<String> names(Path directory) {
    return contents(directory).keySet().stream().filter(n -> !n.equals(REPORT)).toList();
  }

  /** Names of the files whose contents differ, some left out. */
  static Set<String> differing(Path a, Path b, String... leftOut) {
    Map<String, byte[]> inA = contents(a);
    Map<String, byte[]> inB = contents(b);
    Set<String> names = new TreeSet<>(inA.keySet());
    names.addAll(inB.keySet());
    names.removeIf(
        n -> Arrays.asList(leftOut).contains(n) || Arrays.equals(inA.get(n), inB.get(n)));
    return names;
  }

  static JsonNode json(Path file) {
    try {
      return new ObjectMapper().readTree(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A number as results.json has it: plain, or one of the three words. */
  static double number(JsonNode node) {
    if (node.isNumber()) {
      return node.doubleValue();
    }
    return switch (node.isTextual() ? node.textValue() : "") {
      case "NaN" -> Double.NaN;
      case "Infinity" -> Double.POSITIVE_INFINITY;
      case "-Infinity" -> Double.NEGATIVE_INFINITY;
      default -> fail("not a number: " + node);
    };
  }

  /** The rows of a CSV file by column name; quotes as in RFC 4180, without line breaks inside. */
  static List<Map<String, String>> csv(Path file) {
    List<List<String>> lines;
    try {
      lines = Files.readAllLines(file).stream().map(RunFiles::cells).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<Map<String, String>> rows = new ArrayList<>();
    for (List<String> line : lines.subList(1, lines.size())) {
      assertEquals(lines.getFirst().size(), line.size(), file + ": " + line);
      Map<String, String> row = new LinkedHashMap<>();
      for (int i = 0; i < line.size(); i++) {
        row.put(lines.getFirst().get(i), line.get(i));
      }
      assertEquals(line.size(), row.size(), file + " has a column twice");
      rows.add(row);
    }
    return rows;
  }

  private static List<String> cells(String line) {
    List<String> cells = new ArrayList<>();
    StringBuilder cell = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '"' && quoted && i + 1 < line.length() && line.charAt(i + 1) == '"') {
        cell.append('"');
        i++;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        cells.add(cell.toString());
        cell.setLength(0);
      } else {
        cell.append(c);
      }
    }
    cells.add(cell.toString());
    return cells;
  }

  /** Copies the files of a run directory. */
  static Path copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    for (Map.Entry<String, byte[]> e : contents(from).entrySet()) {
      Files.write(to.resolve(e.getKey()), e.getValue());
    }
    return to;
  }
}
