package io.depthscope.stats;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Sums of a run over images, along a tree that depends on the images' numbers alone, so that they
 * have the same bits however the images are shared out.
 *
 * <p>Block k holds the images 256 k .. 256 k + 255 of the data set; those that cannot be read are
 * left out, the numbering stays. Inside a block images are added one by one in their order. Blocks
 * are joined along the binary tree over their numbers, 2 j with 2 j + 1, then fours, eights; where
 * one side is missing, the other passes through. A run of images in order holds one part a level,
 * as a binary counter does.
 *
 * <p>Images that come again or out of order are added too, but in the order they come in: such sums
 * are right, but depend on it.
 */
public final class BlockTree<T> {

  /** Images in a block. */
  public static final int BLOCK = 256;

  /** Parts to reckon memory with: those of a run of 16 million images, its block and its total. */
  public static final int MOST_PARTS = 18;

  private static final int NONE = -1;
  private static final int MAX_LEVEL = 32 - Integer.numberOfTrailingZeros(BLOCK);

  /**
   * What is summed.
   *
   * @param <T> a mutable sum
   */
  public interface Kind<T> {
    /** The sum of no images. */
    T empty();

    /** Adds the sum of later images to that of earlier ones. */
    void join(T earlier, T later);

    void write(T part, DataOutput out) throws IOException;

    /** Replaces a sum by a written one. */
    void read(T part, DataInput in) throws IOException;
  }

  /** The blocks index * 2^level and as many after it. */
  private record Node(int level, int index) implements Comparable<Node> {
    int first() {
      return index << level;
    }

    boolean covers(Node other) {
      return level >= other.level && other.index >> (level - other.level) == index;
    }

    Node parent() {
      return new Node(level + 1, index >> 1);
    }

    Node sibling() {
      return new Node(level, index ^ 1);
    }

    @Override
    public int compareTo(Node other) {
      int byFirst = Integer.compare(first(), other.first());
      return byFirst != 0 ? byFirst : Integer.compare(level, other.level);
    }
  }

  private final Kind<T> kind;

  /** Finished parts; none covers another. */
  private final TreeMap<Node, T> parts = new TreeMap<>();

  private int block = NONE;
  private T current;
  private T total;

  public BlockTree(Kind<T> kind) {
    this.kind = kind;
    this.current = kind.empty();
  }

  /** The block an image belongs to. */
  public static int blockOf(int image) {
    return image / BLOCK;
  }

  /** The block that is being filled; -1 before the first image. */
  public int block() {
    return block;
  }

  /** The sum of the block that is being filled, as it stands. */
  public T current() {
    return current;
  }

  /** The sum of an image's block, to add the image to; finishes the block before. */
  public T at(int image) {
    open(blockOf(image));
    return current;
  }

  /** Begins another block, unless it is the one that is being filled. */
  void open(int next) {
    total = null;
    if (next == block) {
      return;
    }
    int before = block;
    finish();
    // A block without a readable image is a part like any other: its sibling need not wait for it.
    for (int gap = before + 1; before != NONE && gap < next; gap++) {
      insert(new Node(0, gap), kind.empty());
    }
    block = next;
  }

  private void finish() {
    if (block != NONE) {
      insert(new Node(0, block), current);
      current = kind.empty();
      block = NONE;
    }
  }

  private void insert(Node node, T part) {
    for (Map.Entry<Node, T> e : parts.entrySet()) {
      if (e.getKey().covers(node)) {
        kind.join(e.getValue(), part);
        return;
      }
    }
    Node at = node;
    T sum = part;
    for (T other = parts.remove(at.sibling()); other != null; other = parts.remove(at.sibling())) {
      T left = at.index() % 2 == 0 ? sum : other;
      kind.join(left, left == sum ? other : sum);
      sum = left;
      at = at.parent();
    }
    parts.put(at, sum);
  }

  /** The sum of all images so far. */
  public T total() {
    if (total == null) {
      List<Map.Entry<Node, T>> all = new ArrayList<>(parts.entrySet());
      if (block != NONE) {
        all.add(Map.entry(new Node(0, block), current));
        all.sort(Map.Entry.comparingByKey());
      }
      total = copy(all.isEmpty() ? kind.empty() : sum(all, new Node(MAX_LEVEL, 0)));
    }
    return total;
  }

  /** The sum of the parts under a node; a part alone passes through. */
  private T sum(List<Map.Entry<Node, T>> under, Node node) {
    if (under.size() == 1) {
      return under.getFirst().getValue();
    }
    if (node.level() == 0) { // the block that is being filled had been finished before
      T joined = copy(under.getFirst().getValue());
      under.subList(1, under.size()).forEach(e -> kind.join(joined, e.getValue()));
      return joined;
    }
    Node right = new Node(node.level() - 1, 2 * node.index() + 1);
    int half = 0;
    while (half < under.size() && under.get(half).getKey().first() < right.first()) {
      half++;
    }
    if (half == 0 || half == under.size()) {
      return sum(under, half == 0 ? right : right.sibling());
    }
    T joined = copy(sum(under.subList(0, half), right.sibling()));
    kind.join(joined, sum(under.subList(half, under.size()), right));
    return joined;
  }

  private T copy(T part) {
    T copy = kind.empty();
    kind.join(copy, part);
    return copy;
  }

  /**
   * Joins the sums of other blocks, in any order of the ranges; the other tree is used up.
   *
   * @throws IllegalArgumentException if a block is in both
   */
  public void merge(BlockTree<T> other) {
    finish();
    other.finish();
    total = null;
    for (Node theirs : other.parts.keySet()) {
      for (Node own : parts.keySet()) {
        if (own.covers(theirs) || theirs.covers(own)) {
          throw new IllegalArgumentException("block " + theirs.first() + " is in both sums");
        }
      }
    }
    other.parts.forEach(this::insert);
    other.parts.clear();
  }

  /** Writes the exact state, so that {@link #read} continues as if there had been no break. */
  public void write(DataOutput out) throws IOException {
    out.writeInt(parts.size());
    for (Map.Entry<Node, T> e : parts.entrySet()) {
      out.writeInt(e.getKey().level());
      out.writeInt(e.getKey().index());
      kind.write(e.getValue(), out);
    }
    out.writeInt(block);
    kind.write(current, out);
  }

  /**
   * Replaces the state by a written one.
   *
   * @throws IOException if it cannot be one
   */
  public void read(DataInput in) throws IOException {
    parts.clear();
    total = null;
    int n = in.readInt();
    Node last = null;
    for (int i = 0; i < n; i++) {
      Node node = new Node(in.readInt(), in.readInt());
      boolean known = node.level() >= 0 && node.level() <= MAX_LEVEL && node.index() >= 0;
      if (!known || node.index() > Integer.MAX_VALUE / BLOCK >> node.level()) {
        throw new IOException("no part of a sum over images: " + node);
      }
      if (last != null && (last.covers(node) || node.compareTo(last) <= 0)) {
        throw new IOException("parts of a sum over images that overlap: " + last + ", " + node);
      }
      T part = kind.empty();
      kind.read(part, in);
      parts.put(node, part);
      last = node;
    }
    block = in.readInt();
    if (n < 0 || block < NONE || block > Integer.MAX_VALUE / BLOCK) {
      throw new IOException("no sum over images: " + n + " parts, block " + block);
    }
    current = kind.empty();
    kind.read(current, in);
  }
}
