package io.depthscope.model.format;

import io.depthscope.model.BatchNorm;
import io.depthscope.model.BatchNormFolding;
import io.depthscope.model.Layer;
import io.depthscope.model.LayerParameters;
import io.depthscope.model.Model;
import io.depthscope.model.Node;
import io.depthscope.model.Weights;
import io.depthscope.tensor.FloatTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Reads the parameters of a model out of a file. First every tensor is accounted for (none missing,
 * superfluous or misshapen), then the values are read and checked.
 */
final class CheckpointReader {
  private static final int MOST_NAMED = 5;

  private final NamedTensors file;
  private final Naming naming;
  private final Model model;
  private final double epsilon;
  private final Map<String, TensorNames> names;

  CheckpointReader(NamedTensors file, Model model, double epsilon) {
    this.file = file;
    this.naming = file.naming();
    this.model = model;
    this.epsilon = epsilon;
    this.names = naming.names(model);
  }

  /**
   * @throws ModelFormatException naming the tensors that do not fit, or the first bad value
   */
  Weights read() throws ModelFormatException {
    checkTensors();
    Map<String, LayerParameters> layers = new HashMap<>();
    for (int i = 0; i < model.size(); i++) {
      Node node = model.node(i);
      if (node.layer().hasWeights()) {
        LayerParameters parameters = readLayer(i);
        checkFolding(node, parameters);
        layers.put(node.name(), parameters);
      }
    }
    return new Weights(layers);
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
            model.name(),
            naming.title(),
            String.join("; ", problems.subList(0, named)),
            more));
  }

  private Map<String, int[]> expectedDims() {
    Map<String, int[]> expected = new LinkedHashMap<>();
    for (int i = 0; i < model.size(); i++) {
      Node node = model.node(i);
      if (!node.layer().hasWeights()) {
        continue;
      }
      TensorNames n = names.get(node.name());
      int[] perChannel = {model.channels(i)};
      expected.put(n.kernel(), n.layout().storedDims(model.kernelDims(i)));
      if (node.layer().hasBias()) {
        expected.put(n.bias(), perChannel);
      }
      if (node.layer().hasBatchNorm()) {
        for (String t : List.of(n.gamma(), n.beta(), n.mean(), n.variance())) {
          expected.put(t, perChannel);
        }
      }
    }
    return expected;
  }

  private LayerParameters readLayer(int i) throws ModelFormatException {
    Layer layer = model.node(i).layer();
    TensorNames n = names.get(model.node(i).name());
    FloatTensor kernel = n.layout().toOwn(readFinite(n.kernel()), model.kernelDims(i));
    Optional<float[]> bias = Optional.empty();
    if (layer.hasBias()) {
      bias = Optional.of(readFinite(n.bias()).data());
    }
    Optional<BatchNorm> norm = Optional.empty();
    if (layer.hasBatchNorm()) {
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

  /** Finite weights can still overflow when folded; that is a defect of the file as well. */
  private void checkFolding(Node node, LayerParameters parameters) throws ModelFormatException {
    try {
      BatchNormFolding.fold(node, parameters);
    } catch (IllegalArgumentException e) {
      throw new ModelFormatException(file.file().name(), e.getMessage(), e);
    }
  }
}
