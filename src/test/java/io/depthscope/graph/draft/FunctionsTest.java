package io.depthscope.graph.draft;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.depthscope.graph.BatchNorm;
import io.depthscope.graph.Clamp;
import io.depthscope.graph.Op;
import io.depthscope.graph.Op.Unary.Function;
import io.depthscope.quant.QuantParams;
import io.depthscope.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which products of a value and something made of it are a function, and which are not. */
class FunctionsTest {
  private static final Shape SHAPE = new Shape(2, 3, 2);
  private final List<DraftNode> nodes = new ArrayList<>();

  private int add(DraftOp op, Integer... inputs) {
    String name = "n" + nodes.size();
    View order = View.nhwc(SHAPE);
    List<Integer> read = List.of(inputs);
    nodes.add(
        new DraftNode(name, op, Clamp.NONE, read, Optional.empty(), SHAPE, order, NodeCodes.NONE));
    return nodes.size() - 1;
  }

  private int input() {
    nodes.clear();
    return add(new DraftOp.Of(new Op.Input(SHAPE)));
  }

  private int of(Function function, int x) {
    return add(new DraftOp.Of(new Op.Unary(function)), x);
  }

  private int line(double scale, double shift, int x) {
    float[] scales = new float[2];
    float[] shifts = new float[2];
    Arrays.fill(scales, (float) scale);
    Arrays.fill(shifts, (float) shift);
    return add(new DraftOp.Normalize(BatchNorm.affine(scales, shifts)), x);
  }

  private int clamp(float low, float high, int x) {
    return add(new DraftOp.Bound(Clamp.of(low, high)), x);
  }

  private int mul(int a, int b) {
    return add(new DraftOp.Of(new Op.Elementwise(Op.Elementwise.Function.MUL)), a, b);
  }

  /** What the last node is called, and what it reads, after the pass and without what is unused. */
  private void becomes(Function function, int x, int last) {
    Draft draft = new Draft("d", nodes, List.of(last));
    Draft made = CleanUp.NAME_FUNCTIONS.apply(draft).draft();
    DraftNode node = made.nodes().get(last);
    assertEquals(new DraftOp.Of(new Op.Unary(function)), node.op());
    assertEquals(List.of(x), node.inputs());
    assertEquals(nodes.get(last).codes(), node.codes());
    Draft clean = CleanUp.DROP_UNUSED.apply(made).draft();
    assertEquals(x + 2, clean.nodes().size(), clean::toString);
  }

  private void stays(int last) {
    Draft draft = new Draft("d", nodes, List.of(last));
    CleanUp.Passed passed = CleanUp.NAME_FUNCTIONS.apply(draft);
    assertEquals(draft, passed.draft());
    assertEquals(List.of(), passed.changed());
  }

  @Test
  void aValueTimesItsSigmoidIsSilu() {
    int x = input();
    becomes(Function.SILU, x, mul(x, of(Function.SIGMOID, x)));
    x = input();
    becomes(Function.SILU, x, mul(of(Function.SIGMOID, x), x));
    x = input();
    stays(mul(x, of(Function.SIGMOID, line(1.702, 0, x))));
    x = input();
    stays(mul(line(2, 0, x), of(Function.SIGMOID, x)));
    x = input();
    stays(mul(of(Function.ABS, x), of(Function.SIGMOID, x)));
    x = input();
    stays(
        add(
            new DraftOp.Of(new Op.Elementwise(Op.Elementwise.Function.ADD)),
            x,
            of(Function.SIGMOID, x)));
  }

  @Test
  void aScaledValueTimesItsOwnSigmoidIsSilu() {
    int x = line(2, 0, input());
    becomes(Function.SILU, x, mul(x, of(Function.SIGMOID, x)));
  }

  @Test
  void geluWithItsFactorsAnywhere() {
    int x = input();
    int gate = line(1, 1, of(Function.ERF, line(Math.sqrt(0.5), 0, x)));
    becomes(Function.GELU, x, line(0.5, 0, mul(x, gate)));
    x = input();
    gate = line(1, 1, of(Function.ERF, line(Math.sqrt(0.5), 0, x)));
    becomes(Function.GELU, x, mul(gate, line(0.5, 0, x)));
    x = input();
    gate = line(0.5, 0, line(1, 1, of(Function.ERF, line(Math.sqrt(0.5), 0, x))));
    becomes(Function.GELU, x, mul(x, gate));
    x = input();
    gate = line(1, 1, of(Function.ERF, line(Math.sqrt(0.5), 0, x)));
    stays(mul(x, gate));
    x = input();
    gate = line(1, 0.5, of(Function.ERF, line(Math.sqrt(0.5), 0, x)));
    stays(line(0.5, 0, mul(x, gate)));
    x = input();
    gate = line(1, 1, of(Function.ERF, line(0.7, 0, x)));
    stays(line(0.5, 0, mul(x, gate)));
  }

  private int sum(int a, int b) {
    return add(new DraftOp.Of(new Op.Elementwise(Op.Elementwise.Function.ADD)), a, b);
  }

  /** 1 + tanh(sqrt(2 / pi) inner). */
  private int bent(int inner) {
    return line(1, 1, of(Function.TANH, line(Math.sqrt(2 / Math.PI), 0, inner)));
  }

  @Test
  void geluOfTheTangentHoweverItsPolynomialIsWritten() {
    int x = input();
    int gate = bent(sum(x, line(0.044715, 0, mul(mul(x, x), x))));
    becomes(Function.GELU_TANH, x, line(0.5, 0, mul(x, gate)));
    x = input();
    gate = bent(mul(x, line(0.044715, 1, mul(x, x))));
    becomes(Function.GELU_TANH, x, mul(gate, line(0.5, 0, x)));
    x = input();
    gate = line(0.5, 0, bent(sum(mul(x, mul(x, line(0.044715, 0, x))), x)));
    becomes(Function.GELU_TANH, x, mul(x, gate));
    x = sum(input(), 0);
    gate = bent(sum(x, line(0.044715, 0, mul(mul(x, x), x))));
    becomes(Function.GELU_TANH, x, line(0.5, 0, mul(x, gate)));
  }

  @Test
  void anotherPolynomialInTheTangentIsNoGelu() {
    int x = input();
    stays(line(0.5, 0, mul(x, bent(sum(x, line(0.0448, 0, mul(mul(x, x), x)))))));
    x = input();
    stays(line(0.5, 0, mul(x, bent(sum(x, line(0.044715, 0, mul(x, x)))))));
    x = input();
    stays(line(0.5, 0, mul(x, bent(line(1, 0.01, sum(x, line(0.044715, 0, mul(mul(x, x), x))))))));
    x = input();
    int square = mul(x, x);
    stays(line(0.5, 0, mul(x, bent(sum(x, line(0.044715, 0, mul(square, square)))))));
    x = input();
    stays(mul(x, bent(sum(x, line(0.044715, 0, mul(mul(x, x), x))))));
    x = input();
    int cube = mul(mul(x, x), x);
    nodes.set(cube, nodes.get(cube).withClamp(Clamp.of(-1, 1)));
    stays(line(0.5, 0, mul(x, bent(sum(x, line(0.044715, 0, cube))))));
  }

  @Test
  void aValueTimesTheTangentOfItsSoftplusIsMish() {
    int x = input();
    becomes(Function.MISH, x, mul(x, of(Function.TANH, of(Function.SOFTPLUS, x))));
    x = input();
    stays(mul(x, of(Function.TANH, of(Function.SIGMOID, x))));
  }

  @Test
  void hardSwishOfEitherSpelling() {
    int x = input();
    becomes(Function.HARD_SWISH, x, line(1 / 6.0, 0, mul(x, clamp(0, 6, line(1, 3, x)))));
    x = input();
    becomes(Function.HARD_SWISH, x, mul(x, clamp(0, 1, line(1 / 6.0, 0.5, x))));
    x = input();
    becomes(Function.HARD_SWISH, x, mul(line(1 / 6.0, 0, clamp(0, 6, line(1, 3, x))), x));
    x = input();
    stays(mul(x, clamp(0, 6, line(1, 3, x))));
    x = input();
    stays(mul(x, clamp(0, 1, line(0.2, 0.5, x))));
    x = input();
    stays(mul(x, clamp(-1, 1, line(1 / 6.0, 0.5, x))));
    x = input();
    stays(mul(x, clamp(0, Float.POSITIVE_INFINITY, line(1 / 6.0, 0.5, x))));
  }

  @Test
  void channelsScaledApartAreNoFunction() {
    int x = input();
    int apart =
        add(new DraftOp.Normalize(BatchNorm.affine(new float[] {1, 2}, new float[] {3, 3})), x);
    stays(line(1 / 6.0, 0, mul(x, clamp(0, 6, apart))));
  }

  @Test
  void whatIsQuantizedInBetweenIsKept() {
    NodeCodes codes = NodeCodes.NONE.withOutput(Optional.of(new QuantParams(0.1f, 0, 0, 255)));
    int x = input();
    int s = of(Function.SIGMOID, x);
    nodes.set(s, nodes.get(s).withCodes(codes));
    stays(mul(x, s));
    x = input();
    int product = mul(x, of(Function.SIGMOID, x));
    nodes.set(product, nodes.get(product).withCodes(codes));
    becomes(Function.SILU, x, product);
  }

  @Test
  void aClampInBetweenIsKept() {
    int x = input();
    int s = of(Function.SIGMOID, x);
    nodes.set(s, nodes.get(s).withClamp(Clamp.of(0.25f, 0.5f)));
    stays(mul(x, s));
  }
}
