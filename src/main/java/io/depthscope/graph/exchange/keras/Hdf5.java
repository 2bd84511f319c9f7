package io.depthscope.graph.exchange.keras;

import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.exchange.lowering.Refused;
import io.jhdf.HdfFile;
import io.jhdf.api.Attribute;
import io.jhdf.api.Dataset;
import io.jhdf.api.Group;
import io.jhdf.api.Node;
import io.jhdf.object.message.DataLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * An HDF5 file in memory. Alone in knowing the library that reads it, which trusts its files: what
 * is asked for is measured first, and whatever the library throws becomes a {@link Refused}.
 */
final class Hdf5 implements AutoCloseable {
  private static final long MOST_TEXTS = 1 << 16;

  /** Deflate makes no more of a byte. */
  private static final long MOST_INFLATED = 1032;

  private final HdfFile file;
  private final long bytes;

  private Hdf5(HdfFile file, long bytes) {
    this.file = file;
    this.bytes = bytes;
  }

  /**
   * Opens a file.
   *
   * @param bytes not changed while it is open
   */
  static Hdf5 open(byte[] bytes) {
    return new Hdf5(guarded(() -> HdfFile.fromBytes(bytes)), bytes.length);
  }

  /** What the library gives. It recurses, allocates and casts as a file tells it to. */
  private static <T> T guarded(Supplier<T> read) {
    try {
      return read.get();
    } catch (Refused e) {
      throw e;
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      throw new Refused("is no sound HDF5 file", e);
    }
  }

  /**
   * A node by its path.
   *
   * @param path names, outermost first; empty for the root
   * @return empty if there is none
   */
  private Optional<Node> node(List<String> path) {
    return guarded(
        () -> {
          Node now = file;
          for (String name : path) {
            if (!(now instanceof Group group)) {
              return Optional.empty();
            }
            now = group.getChild(name);
            if (now == null) {
              return Optional.empty();
            }
            // A link may lead to another file, or round in a circle.
            if (now.isLink()) {
              throw new Refused("holds a link in place of " + name + ", which is not followed");
            }
          }
          return Optional.of(now);
        });
  }

  boolean has(List<String> path) {
    return node(path).isPresent();
  }

  /** A text attribute; empty if there is none. */
  Optional<String> text(List<String> path, String attribute) {
    return texts(path, attribute).map(t -> t.isEmpty() ? "" : t.getFirst());
  }

  /** An attribute of any number of texts; empty if there is none. */
  Optional<List<String>> texts(List<String> path, String attribute) {
    return guarded(
        () -> {
          Attribute a = node(path).map(n -> n.getAttribute(attribute)).orElse(null);
          if (a == null) {
            return Optional.empty();
          }
          if (a.isEmpty() || a.getSize() == 0) {
            return Optional.of(List.of());
          }
          if (a.getSize() > MOST_TEXTS || a.getJavaType() != String.class) {
            return Optional.of(List.of());
          }
          List<String> out = new ArrayList<>();
          collect(a.getData(), out);
          return Optional.of(List.copyOf(out));
        });
  }

  private static void collect(Object data, List<String> out) {
    if (data instanceof Object[] many) {
      for (Object each : many) {
        collect(each, out);
      }
    } else if (data != null) {
      out.add(data.toString());
    }
  }

  /**
   * A tensor of numbers; empty if there is none of that path.
   *
   * @throws Refused if it holds others, or more than the file can
   */
  Optional<NdArray> array(List<String> path) {
    return guarded(
        () -> {
          if (!(node(path).orElse(null) instanceof Dataset d)) {
            return Optional.empty();
          }
          long[] extents = d.getDimensionsAsLong();
          int[] dims = new int[extents.length];
          for (int i = 0; i < dims.length; i++) {
            dims[i] = (int) Math.min(extents[i], Integer.MAX_VALUE);
          }
          long held = NdArray.size(dims) * (long) d.getDataType().getSize();
          boolean packed = d.getDataLayout() == DataLayout.CHUNKED;
          if (held > (packed ? Math.multiplyExact(bytes, MOST_INFLATED) : bytes)
              || NdArray.size(dims) > NdArray.MOST_MADE) {
            throw new Refused("states more values than the file holds");
          }
          return Optional.of(numbers(dims, d.isScalar() ? d.getData() : d.getDataFlat()));
        });
  }

  private static NdArray numbers(int[] dims, Object data) {
    return switch (data) {
      case float[] f -> NdArray.of(dims, f);
      case Float f -> NdArray.of(dims, new float[] {f});
      case double[] d -> {
        float[] out = new float[d.length];
        for (int i = 0; i < out.length; i++) {
          out[i] = (float) d[i];
        }
        yield NdArray.of(dims, out);
      }
      case Double d -> NdArray.of(dims, new float[] {d.floatValue()});
      default -> throw new Refused("holds values that are no floats");
    };
  }

  @Override
  public void close() {
    file.close();
  }
}
