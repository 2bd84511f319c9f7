package io.depthscope.graph.exchange;

import io.depthscope.graph.BatchNorm;
import io.depthscope.graph.Graph;
import io.depthscope.graph.LayerParameters;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.zoo.Blueprint;
import io.depthscope.zoo.Storage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** Checkpoints with seeded random values, in the names of each dialect. */
final class Checkpoints {
  private static final int[] WIDTHS = {
    64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024
  };

  private Checkpoints() {}

  /** The names and layouts of {@code tf.keras.applications.MobileNet}, written out by hand. */
  static Map<String, FloatTensor> keras(double alpha, int classes, long seed) {
    Random random = new Random(seed);
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    int channels = (int) (32 * alpha);
    tensors.put("conv1/kernel", tensor(random, 3, 3, 3, channels));
    kerasNorm(tensors, random, "conv1_bn", channels);
    for (int i = 1; i <= 13; i++) {
      tensors.put("conv_dw_" + i + "/depthwise_kernel", tensor(random, 3, 3, channels, 1));
      kerasNorm(tensors, random, "conv_dw_" + i + "_bn", channels);
      int width = (int) (WIDTHS[i - 1] * alpha);
      tensors.put("conv_pw_" + i + "/kernel", tensor(random, 1, 1, channels, width));
      kerasNorm(tensors, random, "conv_pw_" + i + "_bn", width);
      channels = width;
    }
    tensors.put("conv_preds/kernel", tensor(random, 1, 1, channels, classes));
    tensors.put("conv_preds/bias", tensor(random, classes));
    return tensors;
  }

  private static void kerasNorm(
      Map<String, FloatTensor> tensors, Random random, String name, int channels) {
    tensors.put(name + "/gamma", tensor(random, channels));
    tensors.put(name + "/beta", tensor(random, channels));
    tensors.put(name + "/moving_mean", tensor(random, channels));
    tensors.put(name + "/moving_variance", positive(tensor(random, channels)));
  }

  /** The tensors of a list that tools/list_checkpoint_names.py wrote from the real library. */
  static Map<String, FloatTensor> listed(String list, long seed) {
    Random random = new Random(seed);
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    for (String line : resource(list + ".txt").lines().toList()) {
      String[] parts = line.split(" ", -1);
      int[] dims =
          parts.length == 1
              ? new int[0]
              : Arrays.stream(parts[1].split(",", -1)).mapToInt(Integer::parseInt).toArray();
      FloatTensor tensor = tensor(random, dims);
      tensors.put(parts[0], parts[0].endsWith("running_var") ? positive(tensor) : tensor);
    }
    return tensors;
  }

  private static String resource(String name) {
    try (InputStream in = Checkpoints.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(name, e);
    }
  }

  /** Random parameters for every weighted node. */
  static Map<String, LayerParameters> random(Blueprint blueprint, long seed) {
    Graph graph = blueprint.graph();
    Random random = new Random(seed);
    Map<String, LayerParameters> layers = new HashMap<>();
    for (int i = 0; i < graph.size(); i++) {
      if (!graph.node(i).op().hasWeights()) {
        continue;
      }
      int channels = graph.channels(i);
      Storage stored = blueprint.of(graph.node(i));
      boolean norm = stored.batchNorm();
      layers.put(
          graph.node(i).name(),
          new LayerParameters(
              tensor(random, graph.kernelDims(i)),
              stored.bias() ? Optional.of(tensor(random, channels).data()) : Optional.empty(),
              norm ? Optional.of(norm(random, channels)) : Optional.empty()));
    }
    return layers;
  }

  private static BatchNorm norm(Random random, int channels) {
    return new BatchNorm(
        tensor(random, channels).data(),
        tensor(random, channels).data(),
        tensor(random, channels).data(),
        positive(tensor(random, channels)).data(),
        2e-5);
  }

  private static FloatTensor tensor(Random random, int... dims) {
    float[] data = new float[Math.toIntExact(FloatTensor.elements(dims))];
    for (int i = 0; i < data.length; i++) {
      data[i] = (float) random.nextGaussian();
    }
    return FloatTensor.of(data, dims);
  }

  private static FloatTensor positive(FloatTensor tensor) {
    for (int i = 0; i < tensor.data().length; i++) {
      tensor.data()[i] = Math.abs(tensor.data()[i]);
    }
    return tensor;
  }
}
