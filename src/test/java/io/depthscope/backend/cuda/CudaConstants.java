package io.depthscope.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What stands in the text of the kernels and again in Java. */
final class CudaConstants {
  private static final Path KERNELS = Path.of("kernels");
  private static final Pattern FIELDS = Pattern.compile("(int|unsigned|float)\\s+([^;]+);");

  /**
   * A field of a struct.
   *
   * @param type as in C++
   */
  record Field(String type, String name) {}

  private CudaConstants() {}

  /** The text of a file under kernels/, without comments. */
  static String text(String file) {
    try {
      return Files.readString(KERNELS.resolve(file)).replaceAll("//[^\n]*", "");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The value of {@code constexpr int NAME = ...}, a product or difference of numbers. */
  static long constant(String file, String name) {
    Matcher found = Pattern.compile("constexpr int " + name + " = ([^;]+);").matcher(text(file));
    assertTrue(found.find(), name + " is not in " + file);
    String value = found.group(1).strip();
    assertTrue(value.matches("\\d+"), () -> name + " is no plain number: " + value);
    return Long.parseLong(value);
  }

  /** The fields of a struct in the order of its text. */
  static List<Field> struct(String file, String name) {
    Matcher found =
        Pattern.compile("struct " + name + " \\{(.*?)\n};", Pattern.DOTALL).matcher(text(file));
    assertTrue(found.find(), "struct " + name + " is not in " + file);
    String body = found.group(1);
    List<Field> fields = new ArrayList<>();
    Matcher line = FIELDS.matcher(body);
    while (line.find()) {
      for (String field : line.group(2).split(",", -1)) {
        fields.add(new Field(line.group(1), field.strip()));
      }
    }
    String rest = line.reset().replaceAll("").strip();
    assertTrue(rest.isEmpty(), () -> name + " has what is no 32-bit field: " + rest);
    return fields;
  }
}
