package io.depthscope.graph.draft;

import java.util.ArrayList;
import java.util.List;

/** A draft being copied node by node, with changes; the bookkeeping of every pass. */
final class Rewrite {
  private final Draft draft;
  private final int[] readers;
  private final int[] place;
  private final List<DraftNode> copied = new ArrayList<>();
  private final List<String> changed = new ArrayList<>();

  Rewrite(Draft draft) {
    this.draft = draft;
    this.readers = draft.readers();
    this.place = new int[draft.nodes().size()];
  }

  /** True if one node alone, and no output, reads it. */
  boolean hasOneReader(int original) {
    return readers[original] == 1;
  }

  /** What has become of a node of the draft. */
  DraftNode now(int original) {
    return copied.get(place[original]);
  }

  /** Takes a node over, as it is or changed; it reads what has become of its inputs. */
  void keep(int original, DraftNode node) {
    place[original] = copied.size();
    copied.add(node.withInputs(node.inputs().stream().map(i -> place[i]).toList()));
  }

  /** Another node in place of its input, which no other reads; it is no node of its own. */
  void mergeInto(int original, int input, DraftNode merged) {
    changed.add(draft.nodes().get(original).name());
    place[original] = place[input];
    copied.set(place[input], merged);
  }

  /** Leaves a node out: whoever reads it reads its input. */
  void drop(int original) {
    changed.add(draft.nodes().get(original).name());
    place[original] = place[draft.nodes().get(original).inputs().getFirst()];
  }

  /** Notes a change that leaves the node where it is. */
  void note(String name) {
    changed.add(name);
  }

  CleanUp.Passed result() {
    return new CleanUp.Passed(
        new Draft(draft.name(), copied, draft.outputs().stream().map(i -> place[i]).toList()),
        changed);
  }
}
