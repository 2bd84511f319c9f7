package io.depthscope.graph.draft;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * The passes that turn a draft into layers, in the order in which they run. Each is a function of
 * the draft alone and computes the same network, but for the rounding of folded weights.
 */
public enum CleanUp {
  /** Finds functions of a value, such as SiLU, that the file spells out. */
  NAME_FUNCTIONS("name functions", Functions::name),
  /** Leaves out nodes that no output needs. */
  DROP_UNUSED("drop unused", Passes::dropUnused),
  /** Makes scales and shifts behind a convolution or a layer norm part of what it has stored. */
  FOLD_BATCH_NORM("fold batch norm", Passes::foldNorms),
  /** Makes a clamp part of the layer before it. */
  FUSE_CLAMP("fuse clamp", Passes::fuseClamps),
  /** Makes padding part of the windows that read it, where it is what they would pad with. */
  PAD_INTO_WINDOW("pad into window", Passes::padWindows),
  /** What is left of padding becomes a layer of its own. */
  KEEP_PADDING("keep padding", Passes::keepPadding),
  /** Makes one of two moves of values, one right after the other. */
  JOIN_MOVES("join moves", Passes::joinMoves),
  /** What is left of scales and clamps becomes a 1x1 convolution, rounding alone a layer. */
  KEEP_AS_LAYER("keep as a layer", Passes::keep);

  private final String words;
  private final Function<Draft, Passed> body;

  CleanUp(String words, Function<Draft, Passed> body) {
    this.words = words;
    this.body = body;
  }

  /**
   * What a pass made.
   *
   * @param changed names of the nodes that it changed or left out
   */
  public record Passed(Draft draft, List<String> changed) {
    public Passed {
      changed = List.copyOf(changed);
    }
  }

  /** A pass that changed something, for whoever shows what was done. */
  public record Applied(CleanUp pass, List<String> changed) {}

  /**
   * What all passes made.
   *
   * @param applied those that changed something, in their order
   */
  public record Cleaned(Draft draft, List<Applied> applied) {}

  /** The words for it in texts. */
  public String words() {
    return words;
  }

  /**
   * The draft after this pass.
   *
   * @throws IllegalArgumentException if something in it cannot be expressed; the message names the
   *     node
   */
  public Passed apply(Draft draft) {
    return body.apply(draft);
  }

  /**
   * The draft after all passes: nothing but operations of the graph.
   *
   * @throws IllegalArgumentException as {@link #apply}
   */
  public static Cleaned all(Draft draft) {
    List<Applied> applied = new ArrayList<>();
    Draft now = draft;
    for (CleanUp pass : values()) {
      Passed passed = pass.apply(now);
      now = passed.draft();
      if (!passed.changed().isEmpty()) {
        applied.add(new Applied(pass, passed.changed()));
      }
    }
    return new Cleaned(now, List.copyOf(applied));
  }
}
