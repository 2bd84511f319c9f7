package io.depthscope.run;

import io.depthscope.backend.BackendException;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.backend.cuda.CudaBackend;
import io.depthscope.graph.exchange.GraphFormat;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.graph.exchange.ModelFile;
import io.depthscope.graph.exchange.ModelFormatException;
import io.depthscope.graph.exchange.keras.KerasModel;
import io.depthscope.graph.exchange.onnx.OnnxModel;
import io.depthscope.graph.exchange.tflite.TfliteModel;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Reads a file of a network, whatever its format. */
public final class ModelReader {
  private ModelReader() {}

  /**
   * Loads a network; a file that is of no format with a graph is read as safetensors.
   *
   * @throws ModelFormatException if it cannot be read or run; the message is one line
   */
  public static LoadedModel load(Path file, LoadOptions options) throws ModelFormatException {
    Optional<GraphFormat> format = GraphFormat.of(file);
    if (format.isEmpty()) {
      return ModelFile.load(file, options);
    }
    return switch (format.get()) {
      case ONNX -> OnnxModel.load(file, options);
      case TFLITE -> TfliteModel.load(file, options);
      case KERAS -> KerasModel.load(file, options);
    };
  }

  /** A file's name without what tells its format. */
  public static String nameOf(Path file) {
    return GraphFormat.bareName(file).replaceFirst("\\.safetensors$", "");
  }

  /**
   * What of a network cannot run yet on the backend of every machine, cpu, and on a GPU, whether or
   * not there is one; a line for each, none for a backend that runs all of it.
   */
  public static List<String> missing(LoadedModel model) {
    float[][] table = new float[model.graph().inputShape().channels()][256];
    return missing(Plan.fp32(model.network(), table, Recording.PLAIN));
  }

  static List<String> missing(Plan plan) {
    List<String> reasons = new ArrayList<>();
    for (Consumer<Plan> backend :
        List.<Consumer<Plan>>of(CpuBackend::requireRunnable, CudaBackend::requireRunnable)) {
      try {
        backend.accept(plan);
      } catch (BackendException e) {
        reasons.add(e.getMessage());
      }
    }
    return List.copyOf(reasons);
  }
}
