package io.depthscope.graph.exchange;

import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.graph.draft.FileTensors;
import io.depthscope.quant.QuantSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A network and its trained weights, complete and checked.
 *
 * @param family {@code mobilenet-v1}, {@code dws-cnn}, {@code regular-cnn} or {@code resnet};
 *     {@code onnx}, {@code tflite} or {@code keras} for a network that is as its file has it
 * @param naming the dialect of the file: {@code keras}, {@code hugging-face}, {@code timm}, {@code
 *     depthscope}, {@code onnx} or {@code tflite}
 * @param network with its weights folded, and as stored
 * @param sha256 of the file's bytes, lower-case hexadecimal
 * @param metadata the file's own text entries
 * @param configuration everything that fixes the network beside its weights, as one line: two
 *     networks of equal weights and equal configurations compute the same
 * @param settings what of it the file did not tell by itself, and where it is from
 * @param images how its images are prepared, if that is known
 * @param file the file; for a model in memory, the name it was given
 * @param tensors the network's tensors as the file has them
 * @param quantization how the file quantizes them; empty for a file in float32
 */
public record LoadedModel(
    String family,
    String naming,
    Network network,
    String sha256,
    Map<String, String> metadata,
    String configuration,
    List<Setting> settings,
    Optional<ImageSettings> images,
    Path file,
    FileTensors tensors,
    Optional<QuantSpec> quantization) {
  public LoadedModel {
    metadata = Map.copyOf(metadata);
    settings = List.copyOf(settings);
  }

  public Graph graph() {
    return network.graph();
  }

  /**
   * Index of the output that stands for the first class of a data set: 1 where output 0 is
   * "background" (ImageNet networks with 1001 outputs, as TensorFlow-Slim trains them), else 0.
   */
  public int firstClass() {
    return graph().outputShape().channels() == 1001 ? 1 : 0;
  }
}
