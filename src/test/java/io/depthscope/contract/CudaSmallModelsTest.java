package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.testkit.GpuBackend;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every small model file on a GPU or on the emulated driver gives its framework's outputs. */
@Tag("gpu")
class CudaSmallModelsTest {
  static List<String> onnx() throws IOException {
    return OnnxRuntimeTest.names();
  }

  static List<String> tflite() throws IOException {
    return TfliteInterpreterTest.names();
  }

  static Stream<Arguments> keras() throws IOException {
    return KerasOutputsTest.files();
  }

  @ParameterizedTest
  @MethodSource("onnx")
  void givesTheOutputsOfOnnxRuntime(String name) throws Exception {
    assertTrue(OnnxRuntimeTest.MODELS.check(name, GpuBackend.get()), "the kernels lack something");
  }

  @ParameterizedTest
  @MethodSource("tflite")
  void givesTheOutputsOfTheInterpreter(String name) throws Exception {
    assertTrue(
        TfliteInterpreterTest.MODELS.check(name, GpuBackend.get()), "the kernels lack something");
  }

  @ParameterizedTest
  @MethodSource("keras")
  void givesTheOutputsOfKeras(String name, String ending) throws Exception {
    SmallModels models = KerasOutputsTest.MODELS.get(ending);
    assertTrue(models.check(name, GpuBackend.get()), "the kernels lack something");
  }
}
