package io.depthscope.graph.draft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.graph.BatchNorm;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.LayerParameters;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import io.depthscope.graph.Window;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Each pass by itself: what it takes in, what it leaves, what it says. */
class CleanUpTest {
  private final List<DraftNode> nodes = new ArrayList<>();

  private int add(String name, DraftOp op, int... inputs) {
    return add(name, op, Optional.empty(), inputs);
  }

  private int add(String name, DraftOp op, Optional<LayerParameters> p, int... inputs) {
    List<Integer> read = new ArrayList<>();
    List<Shape> shapes = new ArrayList<>();
    for (int i : inputs) {
      read.add(i);
      shapes.add(nodes.get(i).shape());
    }
    Shape out = op.outputShape(shapes);
    nodes.add(new DraftNode(name, op, Clamp.NONE, read, p, out, View.nchw(out), NodeCodes.NONE));
    return nodes.size() - 1;
  }

  private int input() {
    return add("x", new DraftOp.Of(new Op.Input(new Shape(5, 5, 2))));
  }

  private int conv(String name, int from, int kernel) {
    int channels = nodes.get(from).shape().channels();
    float[] w = new float[2 * kernel * kernel * channels];
    for (int i = 0; i < w.length; i++) {
      w[i] = 0.5f * i - 1;
    }
    LayerParameters p =
        new LayerParameters(
            FloatTensor.of(w, 2, kernel, kernel, channels),
            Optional.of(new float[] {1, 2}),
            Optional.empty());
    Op op = Op.Convolution.dense(Window.square(kernel, 1, Padding.NONE), 2);
    return add(name, new DraftOp.Of(op), Optional.of(p), from);
  }

  private static DraftOp affine(float scale, float shift) {
    return new DraftOp.Normalize(
        BatchNorm.affine(new float[] {scale, scale}, new float[] {shift, shift}));
  }

  private static DraftOp norm() {
    return new DraftOp.Normalize(
        new BatchNorm(
            new float[] {2, 3}, new float[] {1, 0}, new float[] {1, 2}, new float[] {4, 9}, 0));
  }

  private CleanUp.Passed passed(CleanUp pass, int... outputs) {
    return pass.apply(new Draft("n", nodes, Arrays.stream(outputs).boxed().toList()));
  }

  private static List<String> names(CleanUp.Passed passed) {
    return passed.draft().nodes().stream().map(DraftNode::name).toList();
  }

  @Test
  void dropsWhatNoOutputNeeds() {
    int x = input();
    int a = conv("a", x, 1);
    conv("unused", a, 1);
    int b = conv("b", a, 1);
    CleanUp.Passed passed = passed(CleanUp.DROP_UNUSED, b);
    assertEquals(List.of("x", "a", "b"), names(passed));
    assertEquals(List.of("unused"), passed.changed());
    assertEquals(List.of(2), passed.draft().outputs());
    assertEquals(List.of(1), passed.draft().nodes().get(2).inputs());
  }

  @Test
  void foldsAChainOfScalesIntoStoredParameters() {
    int a = conv("a", input(), 1);
    int n = add("norm", norm(), a);
    int m = add("scale", affine(2, 0), n);
    int s = add("shift", affine(1, 5), m);
    CleanUp.Passed passed = passed(CleanUp.FOLD_BATCH_NORM, s);
    assertEquals(List.of("x", "a"), names(passed));
    assertEquals(List.of("norm", "scale", "shift"), passed.changed());
    BatchNorm both =
        passed.draft().nodes().get(1).parameters().orElseThrow().batchNorm().orElseThrow();
    assertArrayEquals(new float[] {4, 6}, both.gamma());
    assertArrayEquals(new float[] {7, 5}, both.beta());
    assertArrayEquals(new float[] {1, 2}, both.mean(), "the stored ones stay");
    assertArrayEquals(new float[] {4, 9}, both.variance());
  }

  @Test
  void foldsAShiftAloneIntoTheBias() {
    int s = add("shift", affine(1, 5), conv("a", input(), 1));
    LayerParameters p =
        passed(CleanUp.FOLD_BATCH_NORM, s).draft().nodes().get(1).parameters().orElseThrow();
    assertTrue(p.batchNorm().isEmpty());
    assertArrayEquals(new float[] {6, 7}, p.bias().orElseThrow());
  }

  @Test
  void leavesANormWhoseInputIsReadElsewhereOrClamped() {
    int a = conv("a", input(), 1);
    int n = add("norm", norm(), a);
    assertEquals(List.of(), passed(CleanUp.FOLD_BATCH_NORM, a, n).changed());
    int r = add("relu", new DraftOp.Bound(Clamp.RELU), n);
    int m = add("after", norm(), r);
    Draft clamped = passed(CleanUp.FUSE_CLAMP, m).draft();
    assertEquals(List.of("norm"), CleanUp.FOLD_BATCH_NORM.apply(clamped).changed());
  }

  @Test
  void fusesClampsOneAfterTheOther() {
    int a = conv("a", input(), 1);
    int r = add("relu", new DraftOp.Bound(Clamp.RELU), a);
    int c = add("clip", new DraftOp.Bound(Clamp.of(-1, 4)), r);
    CleanUp.Passed passed = passed(CleanUp.FUSE_CLAMP, c);
    assertEquals(List.of("x", "a"), names(passed));
    assertEquals(Clamp.of(0, 4), passed.draft().nodes().get(1).clamp());
  }

  @Test
  void leavesAClampBehindAPoolOrAValueReadTwice() {
    int a = conv("a", input(), 1);
    int p = add("pool", new DraftOp.Of(Op.Pool.globalAverage()), a);
    int r = add("relu", new DraftOp.Bound(Clamp.RELU), p);
    int s = add("second", new DraftOp.Bound(Clamp.RELU), a);
    assertEquals(List.of(), passed(CleanUp.FUSE_CLAMP, r, s).changed());
  }

  @Test
  void padsTheWindowsOfConvolutions() {
    int pad = add("pad", new DraftOp.Pad(new Padding(1, 0, 2, 1), 0), input());
    int more = add("more", new DraftOp.Pad(new Padding(1, 1, 0, 0), 0), pad);
    int a = conv("a", more, 3);
    CleanUp.Passed passed = passed(CleanUp.PAD_INTO_WINDOW, a);
    assertEquals(List.of("x", "a"), names(passed));
    Window window = passed.draft().nodes().get(1).convolution().orElseThrow().window();
    assertEquals(new Padding(2, 1, 2, 1), window.padding());
  }

  @Test
  void leavesPaddingThatSomeReaderCannotTakeIn() {
    int pad = add("pad", new DraftOp.Pad(Padding.symmetric(1), 0), input());
    int a = conv("a", pad, 3);
    Op average = Op.Pool.of(Op.Pool.Kind.AVERAGE, Window.square(3, 1, Padding.NONE));
    int p = add("pool", new DraftOp.Of(average), pad);
    assertEquals(List.of(), passed(CleanUp.PAD_INTO_WINDOW, a, p).changed());
  }

  @Test
  void padsAMaximumWithWhatItDoesNotSee() {
    int x = input();
    int r = add("relu", new DraftOp.Bound(Clamp.RELU), conv("a", x, 1));
    int low = add("low", new DraftOp.Pad(Padding.symmetric(1), Float.NEGATIVE_INFINITY), x);
    int zero = add("zero", new DraftOp.Pad(Padding.symmetric(1), 0), r);
    int seen = add("seen", new DraftOp.Pad(Padding.symmetric(1), 0), x);
    DraftOp max = new DraftOp.Of(Op.Pool.of(Op.Pool.Kind.MAX, Window.square(3, 2, Padding.NONE)));
    int a = add("max-low", max, low);
    int b = add("max-zero", max, zero);
    int c = add("max-seen", max, seen);
    Draft fused = passed(CleanUp.FUSE_CLAMP, a, b, c).draft();
    assertEquals(List.of("low", "zero"), CleanUp.PAD_INTO_WINDOW.apply(fused).changed());
  }

  @Test
  void keepsTheRestAsConvolutions() {
    int x = input();
    int n = add("norm", norm(), x);
    int r = add("relu", new DraftOp.Bound(Clamp.RELU), x);
    CleanUp.Passed passed = passed(CleanUp.KEEP_AS_LAYER, n, r);
    assertEquals(List.of("norm", "relu"), passed.changed());
    List<DraftNode> made = passed.draft().nodes();
    assertTrue(made.get(1).parameters().orElseThrow().batchNorm().isPresent());
    assertEquals(Clamp.RELU, made.get(2).clamp());
    assertEquals(3, passed.draft().network().graph().size());
  }

  @Test
  void joinsMovesThatFollowEachOther() {
    int x = input();
    Shape in = nodes.get(x).shape();
    Op.Rearrange back = Moves.channels(in, new int[] {1, 0}, new float[2]);
    Op.Rearrange filled = Moves.channels(in, new int[] {-1, 0}, new float[] {7, 0});
    int a = add("a", new DraftOp.Of(back), x);
    int b = add("b", new DraftOp.Of(filled), a);
    int c = add("c", new DraftOp.Of(back), b);
    CleanUp.Passed passed = passed(CleanUp.JOIN_MOVES, c);
    assertEquals(List.of("b"), passed.changed());
    List<DraftNode> made = passed.draft().nodes();
    assertEquals(List.of("x", "b", "c"), made.stream().map(DraftNode::name).toList());
    Op.Rearrange both = (Op.Rearrange) ((DraftOp.Of) made.get(1).op()).op();
    assertEquals(
        Moves.channels(in, new int[] {-1, 1}, new float[] {7, 0}).source()[3], both.source()[3]);
    assertArrayEquals(new float[] {7, 0}, both.fill());
    assertEquals("rearrange", both.word());
    assertEquals(List.of(0), made.get(1).inputs());
    // One that another reads as well stays.
    assertEquals(List.of(), passed(CleanUp.JOIN_MOVES, a, b, c).changed());
  }

  @Test
  void keepsPaddingAsAMove() {
    int x = input();
    int p = add("pad", new DraftOp.Pad(new Padding(1, 0, 0, 2), -3), x);
    CleanUp.Passed passed = passed(CleanUp.KEEP_PADDING, p, add("norm", norm(), x));
    assertEquals(List.of("pad"), passed.changed());
    Shape in = passed.draft().nodes().getFirst().shape();
    DraftNode made = passed.draft().nodes().get(1);
    Op.Rearrange pad = (Op.Rearrange) ((DraftOp.Of) made.op()).op();
    assertEquals(made.shape(), pad.output());
    assertArrayEquals(new float[] {-3}, pad.fill());
    int row = pad.output().width() * in.channels();
    for (int i = 0; i < pad.source().length; i++) {
      int y = i / row - 1;
      int inRow = i % row;
      boolean inside = y >= 0 && inRow < in.width() * in.channels();
      assertEquals(inside ? y * in.width() * in.channels() + inRow : -1, pad.source()[i], "" + i);
    }
  }
}
