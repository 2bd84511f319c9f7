package io.depthscope.graph.exchange;

import io.depthscope.graph.BatchNorm;
import io.depthscope.graph.Graph;
import io.depthscope.graph.LayerParameters;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.zoo.Blueprint;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Reads the parameters of a network out of a file. First every tensor is accounted for (none
 * missing, superfluous or misshapen), then the values are read and checked.
 */
final class CheckpointReader {
  private static final int MOST_NAMED = 5;

  private final NamedTensors file;
  private final Naming naming;
  private final Blueprint blueprint;
  private final Graph graph;
  private final double epsilon;
  private final Map<String, TensorNames> names;

  CheckpointReader(NamedTensors file, Blueprint blueprint, double epsilon) {
    this.file = file;
    this.naming = file.naming();
    this.blueprint = blueprint;
    this.graph = blueprint.graph();
    this.epsilon = epsilon;
    this.names = naming.names(graph);
  }

  /**
   * @throws ModelFormatException naming the tensors that do not fit, or the first bad value
   */
  Network read() throws ModelFormatException {
    checkTensors();
    Map<String, LayerParameters> layers = new HashMap<>();
    for (int i = 0; i < graph.size(); i++) {
      if (graph.node(i).op().hasWeights()) {
        layers.put(graph.node(i).name(), readLayer(i));
      }
    }
    try {
      return Network.folding(graph, layers);
    } catch (IllegalArgumentException e) {
      // Finite weights can still overflow when folded; that is a defect of the file as well.
      throw new ModelFormatException(file.file().name(), e.getMessage(), e);
    }
  }

  private void checkTensors() throws ModelFormatException {
    Map<String, int[]> expected = expectedDims();
    List<String> problems = new ArrayList<>();
    expected.forEach(
        (tensor, dims) -> {
          TensorInfo stored = file.info(tensor);
          if (stored == null) {
            problems.add(tensor + " is missing");
          } else if (!stored.shape().equals(Arrays.stream(dims).asLongStream().boxed().toList())) {
            problems.add(tensor + " is " + stored.shape() + ", not " + Arrays.toString(dims));
          }
        });
    for (String tensor : file.names()) {
      if (!expected.containsKey(tensor) && !naming.ignores(tensor)) {
        problems.add(ModelFormatException.shortened(file.stored(tensor)) + " is superfluous");
      }
    }
    if (problems.isEmpty()) {
      return;
    }
    int named = Math.min(problems.size(), MOST_NAMED);
    String more = problems.size() > named ? "; and " + (problems.size() - named) + " more" : "";
    throw new ModelFormatException(
        file.file().name(),
        String.format(
            Locale.ROOT,
            "%d %s not fit %s in %s names: %s%s",
            problems.size(),
            problems.size() == 1 ? "tensor does" : "tensors do",
            graph.name(),
            naming.title(),
            String.join("; ", problems.subList(0, named)),
            more));
  }

  private Map<String, int[]> expectedDims() {
    Map<String, int[]> expected = new LinkedHashMap<>();
    for (int i = 0; i < graph.size(); i++) {
      Node node = graph.node(i);
      if (!node.op().hasWeights()) {
        continue;
      }
      TensorNames n = names.get(node.name());
      int[] perChannel = {graph.channels(i)};
      expected.put(n.kernel(), n.layout().storedDims(graph.kernelDims(i)));
      if (blueprint.of(node).bias()) {
        expected.put(n.bias(), perChannel);
      }
      if (blueprint.of(node).batchNorm()) {
        for (String t : List.of(n.gamma(), n.beta(), n.mean(), n.variance())) {
          expected.put(t, perChannel);
        }
      }
    }
    return expected;
  }

  private LayerParameters readLayer(int i) throws ModelFormatException {
    Node node = graph.node(i);
    TensorNames n = names.get(node.name());
    FloatTensor kernel = n.layout().toOwn(readFinite(n.kernel()), graph.kernelDims(i));
    Optional<float[]> bias = Optional.empty();
    if (blueprint.of(node).bias()) {
      bias = Optional.of(readFinite(n.bias()).data());
    }
    Optional<BatchNorm> norm = Optional.empty();
    if (blueprint.of(node).batchNorm()) {
      norm =
          Optional.of(
              new BatchNorm(
                  readFinite(n.gamma()).data(),
                  readFinite(n.beta()).data(),
                  readFinite(n.mean()).data(),
                  readVariance(n.variance()),
                  epsilon));
    }
    return new LayerParameters(kernel, bias, norm);
  }

  private FloatTensor readFinite(String tensor) throws ModelFormatException {
    FloatTensor values = file.read(tensor);
    for (int i = 0; i < values.data().length; i++) {
      if (!Float.isFinite(values.data()[i])) {
        throw refused(tensor, i, "is " + values.data()[i]);
      }
    }
    return values;
  }

  private float[] readVariance(String tensor) throws ModelFormatException {
    float[] values = readFinite(tensor).data();
    for (int i = 0; i < values.length; i++) {
      if (values[i] < 0) {
        throw refused(tensor, i, "is " + values[i] + ", a variance cannot be negative");
      }
    }
    return values;
  }

  private ModelFormatException refused(String tensor, int index, String reason) {
    return new ModelFormatException(
        file.file().name(), "tensor " + tensor + ": element " + index + " " + reason);
  }
}
