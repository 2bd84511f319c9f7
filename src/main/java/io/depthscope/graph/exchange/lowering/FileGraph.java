package io.depthscope.graph.exchange.lowering;

import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.exchange.ModelFormatException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * What a file says: its nodes in an order in which each reads what those before it give, its
 * constants decoded, its one input.
 *
 * @param file for messages
 * @param nodes each value they read is given by a node before, a constant or the input
 * @param constants by name
 * @param input name of the input, a tensor of float32
 * @param extents of the input, the batch first; -1 where the file leaves one open
 * @param outputs names of values
 * @param channelsLast true where the format's images are [N, H, W, C], false for [N, C, H, W]
 */
@SuppressWarnings("ArrayRecordComponent") // read-only, never compared
public record FileGraph(
    String file,
    List<FileNode> nodes,
    Map<String, NdArray> constants,
    String input,
    int[] extents,
    List<String> outputs,
    boolean channelsLast) {
  public FileGraph {
    nodes = List.copyOf(nodes);
    constants = Map.copyOf(constants);
    outputs = List.copyOf(outputs);
  }

  /**
   * A file's nodes, brought into order.
   *
   * @throws ModelFormatException if a value is given twice or by nothing, a node is in a cycle, or
   *     there is no output
   */
  public static FileGraph of(
      String file,
      List<FileNode> nodes,
      Map<String, NdArray> constants,
      String input,
      int[] extents,
      List<String> outputs,
      boolean channelsLast)
      throws ModelFormatException {
    if (outputs.isEmpty()) {
      throw new ModelFormatException(file, "has no output");
    }
    List<FileNode> sorted = sorted(file, nodes, constants.keySet(), input);
    checkOutputs(file, sorted, constants.keySet(), input, outputs);
    return new FileGraph(file, sorted, constants, input, extents, outputs, channelsLast);
  }

  /** The nodes in an order in which each comes after those that it reads, else as in the file. */
  private static List<FileNode> sorted(
      String name, List<FileNode> nodes, Set<String> constants, String input)
      throws ModelFormatException {
    Map<String, Integer> givenBy = new HashMap<>();
    for (int i = 0; i < nodes.size(); i++) {
      for (String output : nodes.get(i).outputs()) {
        boolean twice = constants.contains(output) || output.equals(input);
        if (!output.isEmpty() && (givenBy.put(output, i) != null || twice)) {
          throw new ModelFormatException(
              name,
              nodes.get(i).title()
                  + ": gives "
                  + ModelFormatException.shortened(output)
                  + ", which is given already");
        }
      }
    }
    int[] waits = new int[nodes.size()];
    List<List<Integer>> readers = new ArrayList<>();
    nodes.forEach(n -> readers.add(new ArrayList<>()));
    for (int i = 0; i < nodes.size(); i++) {
      for (String read : new HashSet<>(nodes.get(i).inputs())) {
        Integer giver = givenBy.get(read);
        if (giver != null) {
          waits[i]++;
          readers.get(giver).add(i);
        } else if (!read.isEmpty() && !constants.contains(read) && !read.equals(input)) {
          throw new ModelFormatException(
              name,
              nodes.get(i).title()
                  + ": reads "
                  + ModelFormatException.shortened(read)
                  + ", which nothing gives");
        }
      }
    }
    // A file in order stays as it is: the next node is the first that waits for nothing.
    PriorityQueue<Integer> next = new PriorityQueue<>();
    for (int i = 0; i < waits.length; i++) {
      if (waits[i] == 0) {
        next.add(i);
      }
    }
    List<FileNode> sorted = new ArrayList<>();
    while (!next.isEmpty()) {
      int i = next.remove();
      sorted.add(nodes.get(i));
      for (int reader : readers.get(i)) {
        if (--waits[reader] == 0) {
          next.add(reader);
        }
      }
    }
    for (int i = 0; i < waits.length; i++) {
      if (waits[i] > 0) {
        throw new ModelFormatException(
            name, nodes.get(i).title() + ": is in a cycle, or behind one");
      }
    }
    return sorted;
  }

  private static void checkOutputs(
      String name, List<FileNode> nodes, Set<String> constants, String input, List<String> outputs)
      throws ModelFormatException {
    Set<String> given = new HashSet<>(constants);
    given.add(input);
    nodes.forEach(n -> given.addAll(n.outputs()));
    for (String output : outputs) {
      if (!given.contains(output) || output.isEmpty()) {
        throw new ModelFormatException(
            name, "output " + ModelFormatException.shortened(output) + " is given by no node");
      }
    }
  }
}
