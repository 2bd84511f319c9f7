package io.depthscope.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.graph.Op;
import io.depthscope.graph.Padding;
import io.depthscope.graph.Window;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantSpec;
import io.depthscope.tensor.Shape;
import io.depthscope.verification.PlanCase;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The constants of a rearrangement are of the codes of the values around them. */
class HandedOnTest {
  private static final Shape IN = new Shape(1, 2, 1);
  private static final Op PAD =
      new Op.Rearrange(IN, new Shape(1, 3, 1), new int[] {0, -1, 1}, new float[] {0.3f}, "pad");

  private static Plan plan(List<Node> between, Map<String, QuantParams> outputs) {
    List<Node> nodes = new ArrayList<>();
    nodes.add(new Node("input", new Op.Input(IN), List.of()));
    nodes.addAll(between);
    nodes.add(new Node("pad", PAD, List.of(nodes.size() - 1)));
    return Plan.of(
        Network.of(new Graph("padded", nodes), Map.of()),
        new float[1][256],
        new QuantSpec(outputs, Map.of()),
        Feed.ACCUMULATED,
        Recording.PAIRED);
  }

  @Test
  void aConstantIsQuantizedLikeTheInput() {
    Node max =
        new Node(
            "max", Op.Pool.of(Op.Pool.Kind.MAX, Window.square(1, 1, Padding.NONE)), List.of(0));
    for (List<Node> between : List.of(List.<Node>of(), List.of(max))) {
      Plan plan = plan(between, Map.of("input", new QuantParams(0.25f, 0, -8, 7)));
      Step pad = plan.steps().getLast();
      assertArrayEquals(new float[] {0.3f}, pad.kernel());
      assertArrayEquals(new float[] {0.25f}, pad.quantizedKernel());
      try (var program = new ReferenceBackend().compile(plan, 1)) {
        InputBatch batch = InputBatch.ofValues(1, new float[] {0.5f, 9});
        BatchOutput out = PlanCase.await(program.submit(batch));
        assertArrayEquals(new float[] {0.5f, 0.3f, 9}, out.baseline());
        assertArrayEquals(new float[] {0.5f, 0.25f, 1.75f}, out.candidate());
      }
    }
  }

  @Test
  void aConstantAmongFloatsStaysAsItIs() {
    Node bent = new Node("bent", new Op.LeakyRelu(new float[] {1}), List.of(0));
    Plan plan = plan(List.of(bent), Map.of("input", new QuantParams(0.25f, 0, -8, 7)));
    assertEquals(plan.steps().getLast().kernel(), plan.steps().getLast().quantizedKernel());
  }
}
