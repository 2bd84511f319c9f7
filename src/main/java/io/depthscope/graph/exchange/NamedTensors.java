package io.depthscope.graph.exchange;

import io.depthscope.tensor.FloatTensor;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The tensors of a file under the names of their dialect. Files carry names with what wrapped the
 * network around them: {@code module.} of a parallel one, {@code _orig_mod.} of a compiled one,
 * {@code model.} of a training program, also one in the other, and the groups of an HDF5 file
 * before Keras' {@code LAYER/VARIABLE}. They are left out where the rest is a dialect's.
 */
final class NamedTensors {
  private static final Set<String> WRAPPERS = Set.of("module", "_orig_mod");
  private static final String MODEL = "model.";

  /** A path that ends in LAYER/VARIABLE, perhaps with TensorFlow's number of an output. */
  private static final Pattern KERAS_PATH = Pattern.compile("(?:.*/)?([^/]+/[^/:]+)(?::0)?");

  private final SafetensorsFile file;
  private final Naming naming;
  private final Map<String, String> stored;
  private final Optional<String> leftOut;

  private NamedTensors(
      SafetensorsFile file, Naming naming, Map<String, String> stored, Optional<String> leftOut) {
    this.file = file;
    this.naming = naming;
    this.stored = stored;
    this.leftOut = leftOut;
  }

  /** The file's tensors in the first reading of their names that is a dialect's. */
  static Optional<NamedTensors> recognise(SafetensorsFile file) {
    Collection<String> names = file.tensors().keySet();
    int depth = modelDepth(names);
    Set<String> wrapping = wrapping(names);
    if (depth > 0) {
      wrapping.add(MODEL);
    }
    return reading(
            file,
            name -> withoutWrappers(name).substring(depth * MODEL.length()),
            wrapping.isEmpty() ? Optional.empty() : Optional.of(String.join(" and ", wrapping)))
        .or(
            () ->
                reading(
                    file,
                    NamedTensors::kerasPath,
                    Optional.of("all of a path but LAYER/VARIABLE")));
  }

  private static Optional<NamedTensors> reading(
      SafetensorsFile file, UnaryOperator<String> read, Optional<String> leftOut) {
    Map<String, String> stored = new LinkedHashMap<>();
    for (String name : file.tensors().keySet()) {
      if (stored.put(read.apply(name), name) != null) {
        return Optional.empty();
      }
    }
    return Naming.recognise(stored.keySet(), file.metadata().keySet())
        .map(
            naming -> {
              Map<String, String> own = new LinkedHashMap<>();
              stored.forEach((name, s) -> own.putIfAbsent(naming.current(name, stored), s));
              return new NamedTensors(file, naming, own, leftOut);
            });
  }

  /** The wrapping words that stand in the names, wherever they stand. */
  private static Set<String> wrapping(Collection<String> names) {
    Set<String> found = new LinkedHashSet<>();
    for (String name : names) {
      for (String part : name.split("\\.", -1)) {
        if (WRAPPERS.contains(part)) {
          found.add(part + ".");
        }
      }
    }
    return found;
  }

  /** How often every name starts with "model." once the wrapping words are gone. */
  private static int modelDepth(Collection<String> names) {
    return names.stream()
        .map(NamedTensors::withoutWrappers)
        .mapToInt(NamedTensors::models)
        .min()
        .orElse(0);
  }

  private static int models(String name) {
    int n = 0;
    while (name.startsWith(MODEL, n * MODEL.length())) {
      n++;
    }
    return n;
  }

  private static String withoutWrappers(String name) {
    List<String> parts = List.of(name.split("\\.", -1));
    return String.join(".", parts.stream().filter(p -> !WRAPPERS.contains(p)).toList());
  }

  private static String kerasPath(String name) {
    Matcher path = KERAS_PATH.matcher(name);
    return path.matches() ? path.group(1) : name;
  }

  SafetensorsFile file() {
    return file;
  }

  Naming naming() {
    return naming;
  }

  /** What was left out of the names, in words; empty if they are as the dialect has them. */
  Optional<String> leftOut() {
    return leftOut;
  }

  /** All names, as the dialect has them. */
  Set<String> names() {
    return stored.keySet();
  }

  /** The name as it stands in the file. */
  String stored(String name) {
    return stored.get(name);
  }

  /** What the header says of a tensor; null if there is no such tensor. */
  TensorInfo info(String name) {
    return stored.containsKey(name) ? file.tensors().get(stored.get(name)) : null;
  }

  /**
   * Reads one tensor.
   *
   * @throws ModelFormatException as {@link SafetensorsFile#read}
   */
  FloatTensor read(String name) throws ModelFormatException {
    return file.read(stored.getOrDefault(name, name));
  }
}
