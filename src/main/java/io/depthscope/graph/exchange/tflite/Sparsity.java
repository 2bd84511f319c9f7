package io.depthscope.graph.exchange.tflite;

import com.google.flatbuffers.Table;
import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.exchange.lowering.ElementType;
import io.depthscope.graph.exchange.lowering.Refused;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntBinaryOperator;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.tensorflow.lite.schema.DimensionMetadata;
import org.tensorflow.lite.schema.DimensionType;
import org.tensorflow.lite.schema.Int32Vector;
import org.tensorflow.lite.schema.SparseIndexVector;
import org.tensorflow.lite.schema.SparsityParameters;
import org.tensorflow.lite.schema.Uint16Vector;
import org.tensorflow.lite.schema.Uint8Vector;

/**
 * How the values of a sparse tensor lie: level by level, the tensor's axes and the blocks they are
 * cut into in the order of storage, each dense or a list of the places that hold something.
 *
 * @param order for each level the axis it runs along; numbers from the rank on are blocks
 * @param blocks the axis that each block is a part of
 */
record Sparsity(List<Integer> order, List<Integer> blocks, List<Level> levels) {

  /**
   * One level.
   *
   * @param dense number of its places; 0 where segments and indices tell
   */
  private record Level(int dense, List<Integer> segments, List<Integer> indices) {}

  /**
   * Reads it.
   *
   * @param length of a list and bytes of an element, to the length; throws if it is longer than the
   *     file
   */
  static Sparsity of(SparsityParameters s, IntBinaryOperator length) {
    List<Level> levels = new ArrayList<>();
    int n = length.applyAsInt(s.dimMetadataLength(), Integer.BYTES);
    for (int i = 0; i < n; i++) {
      DimensionMetadata d = s.dimMetadata(i);
      if (d.format() == DimensionType.DENSE) {
        if (d.denseSize() < 1) {
          throw new Refused("a sparse tensor has a level of extent " + d.denseSize());
        }
        levels.add(new Level(d.denseSize(), List.of(), List.of()));
      } else {
        List<Integer> segments = list(d.arraySegmentsType(), d::arraySegments, length);
        for (int k = 1; k < segments.size(); k++) {
          if (segments.get(k) < segments.get(k - 1)) {
            throw new Refused("a sparse tensor has places that overlap");
          }
        }
        levels.add(new Level(0, segments, list(d.arrayIndicesType(), d::arrayIndices, length)));
      }
    }
    return new Sparsity(
        integers(length.applyAsInt(s.traversalOrderLength(), Integer.BYTES), s::traversalOrder),
        integers(length.applyAsInt(s.blockMapLength(), Integer.BYTES), s::blockMap),
        levels);
  }

  /** Where the flatbuffer puts a list. */
  private interface Union {
    Table read(Table into);
  }

  private static List<Integer> integers(int n, IntUnaryOperator each) {
    return IntStream.range(0, n).map(each).boxed().toList();
  }

  private static List<Integer> list(byte type, Union union, IntBinaryOperator length) {
    return switch (type) {
      case SparseIndexVector.Int32Vector -> {
        Int32Vector v = read(union, new Int32Vector());
        yield integers(length.applyAsInt(v.valuesLength(), Integer.BYTES), v::values);
      }
      case SparseIndexVector.Uint16Vector -> {
        Uint16Vector v = read(union, new Uint16Vector());
        yield integers(length.applyAsInt(v.valuesLength(), Short.BYTES), v::values);
      }
      case SparseIndexVector.Uint8Vector -> {
        Uint8Vector v = read(union, new Uint8Vector());
        yield integers(length.applyAsInt(v.valuesLength(), Byte.BYTES), v::values);
      }
      default -> throw new Refused("a sparse tensor has a level without places");
    };
  }

  private static <T extends Table> T read(Union union, T into) {
    if (union.read(into) == null) {
      throw new Refused("a sparse tensor has a level without places");
    }
    return into;
  }

  /**
   * The tensor with its zeros.
   *
   * @throws Refused if what is told of it does not fit
   */
  NdArray decode(ElementType type, int[] shape, ByteBuffer data) {
    int rank = shape.length;
    int depth = levels.size();
    if (blocks.size() > rank || depth != rank + blocks.size() || order.size() != depth) {
      throw misfit();
    }
    int[] block = new int[rank];
    Arrays.fill(block, 1);
    boolean[] seen = new boolean[depth];
    for (int l = 0; l < depth; l++) {
      int axis = order.get(l);
      if (axis < 0 || axis >= depth || seen[axis]) {
        throw misfit();
      }
      seen[axis] = true;
      if (axis >= rank) {
        int of = blocks.get(axis - rank);
        int extent = levels.get(l).dense();
        if (of < 0 || of >= rank || extent < 1 || shape[of] % extent != 0) {
          throw misfit();
        }
        block[of] = extent;
      }
    }
    NdArray held = type.decode(new int[] {data.remaining() / type.bytes()}, data);
    int[] places = new int[held.size()];
    int size = NdArray.made(shape);
    int told = place(new Place(shape, block, new int[depth], places), 0, 0, 0);
    if (told != places.length) {
      throw misfit();
    }
    if (type.isFloat()) {
      float[] out = new float[size];
      for (int i = 0; i < told; i++) {
        out[places[i]] = held.floats()[i];
      }
      return NdArray.of(shape, out);
    }
    long[] out = new long[size];
    for (int i = 0; i < told; i++) {
      out[places[i]] = held.integers()[i];
    }
    return NdArray.of(shape, out, type.kind());
  }

  private static Refused misfit() {
    return new Refused("is sparse in a way that does not fit its axes");
  }

  /**
   * Where the walk down the levels is.
   *
   * @param at index along each level
   * @param places of the values that are held, as far as they are known
   */
  @SuppressWarnings("ArrayRecordComponent") // filled on the way
  private record Place(int[] shape, int[] block, int[] at, int[] places) {}

  /**
   * Goes through what lies below one entry of a level. Each entry is met once, for segments do not
   * overlap.
   *
   * @param entry of the level above
   * @param found values so far
   * @return values found then
   */
  private int place(Place p, int level, int entry, int found) {
    if (level == levels.size()) {
      if (entry != found || found == p.places().length) {
        throw misfit();
      }
      p.places()[found] = offset(p);
      return found + 1;
    }
    Level l = levels.get(level);
    int now = found;
    if (l.dense() > 0) {
      for (int i = 0; i < l.dense(); i++) {
        p.at()[level] = i;
        now = place(p, level + 1, Math.addExact(Math.multiplyExact(entry, l.dense()), i), now);
      }
      return now;
    }
    if (entry + 1 >= l.segments().size()) {
      throw misfit();
    }
    for (int k = l.segments().get(entry); k < l.segments().get(entry + 1); k++) {
      if (k < 0 || k >= l.indices().size()) {
        throw misfit();
      }
      p.at()[level] = l.indices().get(k);
      now = place(p, level + 1, k, now);
    }
    return now;
  }

  private int offset(Place p) {
    int rank = p.shape().length;
    int[] index = new int[rank];
    for (int l = 0; l < levels.size(); l++) {
      int axis = order.get(l);
      if (axis < rank) {
        index[axis] += p.at()[l] * p.block()[axis];
      } else {
        index[blocks.get(axis - rank)] += p.at()[l];
      }
    }
    int offset = 0;
    for (int d = 0; d < rank; d++) {
      if (index[d] < 0 || index[d] >= p.shape()[d]) {
        throw misfit();
      }
      offset = offset * p.shape()[d] + index[d];
    }
    return offset;
  }
}
