package io.depthscope.record;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The values of a manifest in the types in which a file gives them back. */
final class ManifestValues {

  private ManifestValues() {}

  static Map<String, Object> normal(Map<String, ?> manifest) {
    Map<String, Object> all = new LinkedHashMap<>();
    manifest.forEach((key, value) -> all.put(key, normal(value)));
    return Collections.unmodifiableMap(all); // may hold null, as a file may
  }

  private static Object normal(Object value) {
    return switch (value) {
      case null -> null;
      case Boolean b -> b;
      case Byte n -> n.longValue();
      case Short n -> n.longValue();
      case Integer n -> n.longValue();
      case Long n -> n;
      // By its digits, in which it is written.
      case Number n -> finite(Double.parseDouble(n.toString()));
      case Iterable<?> items -> {
        List<Object> all = new ArrayList<>();
        items.forEach(i -> all.add(normal(i)));
        yield Collections.unmodifiableList(all);
      }
      case Map<?, ?> entries -> {
        Map<String, Object> all = new LinkedHashMap<>();
        entries.forEach((k, v) -> all.put(k.toString(), normal(v)));
        yield Collections.unmodifiableMap(all);
      }
      default -> value.toString();
    };
  }

  /** JSON has no number for the others; they are written as text. */
  private static Object finite(double value) {
    return Double.isFinite(value) ? value : Double.toString(value);
  }
}
