package io.depthscope.graph.draft;

import io.depthscope.tensor.RowMajor;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;

/**
 * How the axes of a file's tensor lie over the height, width and channels of a node's output. Each
 * axis of the file is a product of <i>atoms</i>, pieces of one of the three, outermost first; axes
 * of extent 1 have none. Transposing permutes the axes, reshaping cuts the row of all atoms anew:
 * so a chain of both is one view, and costs nothing until someone needs the values in its order.
 *
 * @param axes of the file's tensor
 */
public record View(List<List<Atom>> axes) {

  /** An axis of a node's output. */
  public enum Axis {
    HEIGHT,
    WIDTH,
    CHANNEL
  }

  /**
   * A piece of an axis: index = sum over its atoms of place * stride.
   *
   * @param extent at least 2
   */
  public record Atom(Axis axis, int stride, int extent) {}

  public View {
    axes = axes.stream().map(List::copyOf).toList();
  }

  private static List<Atom> whole(Axis axis, int extent) {
    return extent == 1 ? List.of() : List.of(new Atom(axis, 1, extent));
  }

  /** [1, C, H, W], as PyTorch and ONNX have it. */
  public static View nchw(Shape s) {
    return new View(
        List.of(
            List.of(),
            whole(Axis.CHANNEL, s.channels()),
            whole(Axis.HEIGHT, s.height()),
            whole(Axis.WIDTH, s.width())));
  }

  /** [1, H, W, C], as TensorFlow has it. */
  public static View nhwc(Shape s) {
    return nchw(s).transposed(0, 2, 3, 1);
  }

  /**
   * A tensor each axis of which is all of one of the three.
   *
   * @param roles null for an axis of extent 1
   */
  public static View of(Axis[] roles, int[] dims) {
    List<List<Atom>> axes = new ArrayList<>();
    for (int d = 0; d < dims.length; d++) {
      axes.add(roles[d] == null ? List.of() : whole(roles[d], dims[d]));
    }
    return new View(axes);
  }

  public int rank() {
    return axes.size();
  }

  public List<Atom> axis(int i) {
    return axes.get(i);
  }

  /** Extent of an axis. */
  public int extent(int axis) {
    int n = 1;
    for (Atom a : axes.get(axis)) {
      n *= a.extent();
    }
    return n;
  }

  /** Extents of all axes. */
  public int[] extents() {
    int[] dims = new int[rank()];
    Arrays.setAll(dims, this::extent);
    return dims;
  }

  /** True if an axis is made of channels alone, or of nothing. */
  public boolean isChannels(int axis) {
    return axes.get(axis).stream().allMatch(a -> a.axis() == Axis.CHANNEL);
  }

  /** True if an axis is all channels of a node's output in their order. */
  public boolean isWholeChannel(int axis, Shape of) {
    return axes.get(axis).equals(whole(Axis.CHANNEL, of.channels()));
  }

  /** The same with all channels of a shape along one axis. */
  public View withChannels(int axis, int channels) {
    List<List<Atom>> other = new ArrayList<>(axes);
    other.set(axis, whole(Axis.CHANNEL, channels));
    return new View(other);
  }

  /** The same with axes of extent 1 in front, until there are so many. */
  public View widened(int rank) {
    List<List<Atom>> more = new ArrayList<>();
    for (int i = rank(); i < rank; i++) {
      more.add(List.of());
    }
    more.addAll(axes);
    return new View(more);
  }

  /** The axes in another order. */
  public View transposed(int... order) {
    List<List<Atom>> moved = new ArrayList<>();
    for (int from : order) {
      moved.add(axes.get(from));
    }
    return new View(moved);
  }

  /** The same values, cut into other axes. Empty if a cut falls inside an atom. */
  public Optional<View> reshaped(int... dims) {
    List<Atom> row = new ArrayList<>();
    axes.forEach(row::addAll);
    List<List<Atom>> cut = new ArrayList<>();
    int next = 0;
    Atom rest = null;
    for (int dim : dims) {
      List<Atom> taken = new ArrayList<>();
      int need = dim;
      while (need > 1) {
        if (rest == null) {
          if (next == row.size()) {
            return Optional.empty();
          }
          rest = row.get(next++);
        }
        if (need % rest.extent() == 0) {
          need /= rest.extent();
          taken.add(rest);
          rest = null;
        } else if (rest.extent() % need == 0) {
          int inner = rest.extent() / need;
          taken.add(new Atom(rest.axis(), rest.stride() * inner, need));
          rest = new Atom(rest.axis(), rest.stride(), inner);
          need = 1;
        } else {
          return Optional.empty();
        }
      }
      cut.add(joined(taken));
    }
    return rest == null && next == row.size() ? Optional.of(new View(cut)) : Optional.empty();
  }

  /** Neighbours that are one piece of an axis become one atom. */
  private static List<Atom> joined(List<Atom> atoms) {
    List<Atom> out = new ArrayList<>();
    for (Atom a : atoms) {
      Atom before = out.isEmpty() ? null : out.getLast();
      if (before != null
          && before.axis() == a.axis()
          && before.stride() == a.stride() * a.extent()) {
        out.set(out.size() - 1, new Atom(a.axis(), a.stride(), before.extent() * a.extent()));
      } else {
        out.add(a);
      }
    }
    return out;
  }

  /** For each element along an axis of channels, in the view's order, the channel it is. */
  public int[] channelsOf(int axis) {
    return offsets(List.of(axes.get(axis)), Atom::stride);
  }

  /**
   * For each element of the file's tensor, row-major, its place in a node's output, NHWC.
   *
   * @param of the shape of the node's output
   */
  public int[] places(Shape of) {
    return offsets(
        axes,
        a ->
            a.stride()
                * switch (a.axis()) {
                  case HEIGHT -> of.width() * of.channels();
                  case WIDTH -> of.channels();
                  case CHANNEL -> 1;
                });
  }

  private static int[] offsets(List<List<Atom>> axes, ToIntFunction<Atom> stride) {
    List<Atom> row = new ArrayList<>();
    axes.forEach(row::addAll);
    int[] extents = row.stream().mapToInt(Atom::extent).toArray();
    return RowMajor.places(extents, row.stream().mapToInt(stride).toArray(), 0);
  }

  /** The file's tensor of a node's output. */
  public NdArray gather(float[] nhwc, Shape of) {
    return NdArray.of(new int[] {nhwc.length}, nhwc).at(extents(), places(of));
  }

  /** A node's output of the file's tensor. */
  public float[] scatter(float[] values, Shape of) {
    int[] places = places(of);
    float[] out = new float[places.length];
    for (int i = 0; i < out.length; i++) {
      out[places[i]] = values[i];
    }
    return out;
  }
}
