package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.depthscope.graph.exchange.SafetensorsWriter;
import io.depthscope.tensor.FloatTensor;
import io.depthscope.testkit.Noise;
import io.depthscope.zoo.MobileNetV1;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Stating how a network reads its images and what follows its convolutions, in every command. */
class NetworkOptionsTest {
  @TempDir private static Path folder;
  private static Path images;
  private static Path keras;

  @BeforeAll
  static void files() throws IOException {
    images = ImageFiles.tenClasses(folder.resolve("images"), 1);
    keras = Files.createDirectory(folder.resolve("mobilenet_v1_0.25_96"));
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    int in = 3;
    int stem = 8;
    put(tensors, "conv1/kernel", 0.4, 3, 3, in, stem);
    norm(tensors, "conv1_bn", stem);
    int channels = stem;
    for (int i = 1; i <= MobileNetV1.BLOCKS.size(); i++) {
      int width = MobileNetV1.BLOCKS.get(i - 1).width() / 4;
      put(tensors, "conv_dw_" + i + "/kernel", 0.8, 3, 3, channels, 1);
      norm(tensors, "conv_dw_" + i + "_bn", channels);
      put(tensors, "conv_pw_" + i + "/kernel", Math.sqrt(6.0 / channels), 1, 1, channels, width);
      norm(tensors, "conv_pw_" + i + "_bn", width);
      channels = width;
    }
    put(tensors, "conv_preds/kernel", 0.1, 1, 1, channels, 10);
    put(tensors, "conv_preds/bias", 0.1, 10);
    keras = keras.resolve("model.safetensors");
    Files.write(keras, SafetensorsWriter.encode(tensors, Map.of()));
  }

  private static void put(
      Map<String, FloatTensor> tensors, String name, double scale, int... dims) {
    int count = Math.toIntExact(FloatTensor.elements(dims));
    tensors.put(name, FloatTensor.of(Noise.values(name, count, 0, scale), dims));
  }

  private static void norm(Map<String, FloatTensor> tensors, String name, int channels) {
    put(tensors, name + "/beta", 0.25, channels);
    put(tensors, name + "/moving_mean", 0.25, channels);
    for (String one : List.of("/gamma", "/moving_variance")) {
      float[] values = Noise.values(name + one, channels, 1, 0.25);
      tensors.put(name + one, FloatTensor.of(values, channels));
    }
  }

  private static Object[] with(Object[] first, Object... rest) {
    Object[] all = Arrays.copyOf(first, first.length + rest.length);
    System.arraycopy(rest, 0, all, first.length, rest.length);
    return all;
  }

  private static JsonNode analyze(String name, Object... more) throws IOException {
    Path out = folder.resolve(name);
    Object[] args = {"--model", keras, "--data", images, "--calibrate", 4, "--out", out};
    CommandLineRun.analyze(with(args, more)).succeeds();
    return RunFiles.json(out.resolve("manifest.json"));
  }

  private static String inspect(Object... more) {
    return CommandLineRun.of(with(new Object[] {"inspect", "--model", keras}, more))
        .succeeds()
        .out();
  }

  @Test
  void inspectSaysWhatIsUsedAndWhereItIsFrom() {
    String text = inspect();
    for (String line :
        List.of(
            "resolution 96 (the name mobilenet_v1_0.25_96)",
            "activation relu6 (usual for Keras)",
            "padding keras (usual for Keras)",
            "epsilon 0.001 (usual for Keras)",
            "images short side to 110, bilinear antialiased, centre crop 96x96, RGB,"
                + " (p - 127.5) / 127.5 (usual for mobilenet-v1)")) {
      assertTrue(text.lines().anyMatch(line::equals), () -> line + " is not in " + text);
    }
    String stated =
        inspect(
            "--resolution",
            75,
            "--activation",
            "relu",
            "--input-range",
            "0..1",
            "--channel-order",
            "bgr",
            "--interpolation",
            "bicubic");
    for (String line :
        List.of(
            "resolution 75 (--resolution)",
            "activation relu (--activation)",
            "images resize to 75x75, bicubic antialiased, centre crop 75x75, BGR, (p - 0.0) / 255.0"
                + " (options, else usual for mobilenet-v1)")) {
      assertTrue(stated.lines().anyMatch(line::equals), () -> line + " is not in " + stated);
    }
    String three = inspect("--mean", "123.675,116.28,103.53", "--std", "58");
    assertTrue(three.contains("(p - [123.675, 116.28, 103.53]) / 58.0"), three);
  }

  @Test
  void theRunsFirstLinesSayIt() {
    Path out = folder.resolve("said");
    String text =
        CommandLineRun.of(
                "analyze", "--model", keras, "--data", images, "--calibrate", 4, "--out", out)
            .succeeds()
            .out();
    assertEquals(
        "resolution 96 (the name mobilenet_v1_0.25_96)", text.lines().findFirst().orElseThrow());
  }

  @Test
  void everySettingChangesTheRunAndStandsInItsManifest() throws IOException {
    JsonNode plain = analyze("plain");
    assertEquals("bilinear", plain.path("interpolation").textValue());
    assertTrue(plain.path("network").textValue().contains("\"padding\":\"keras\""));
    byte[] results = Files.readAllBytes(folder.resolve("plain/results.json"));
    Object[][] settings = {
      {"--activation", "relu"},
      {"--input-range", "0..1"},
      {"--mean", "100", "--std", "60,50,40"},
      {"--channel-order", "BGR"},
      {"--interpolation", "bicubic"},
    };
    for (Object[] setting : settings) {
      String name = "with" + setting[0];
      JsonNode manifest = analyze(name, setting);
      byte[] other = Files.readAllBytes(folder.resolve(name).resolve("results.json"));
      assertFalse(Arrays.equals(results, other), name);
      List<String> keys = List.of("network", "mean", "std", "channelOrder", "interpolation");
      assertTrue(
          keys.stream().anyMatch(k -> !manifest.path(k).equals(plain.path(k))),
          () -> name + " is not in the manifest");
      String compared =
          CommandLineRun.of("compare", folder.resolve("plain"), folder.resolve(name))
              .succeeds()
              .out();
      assertTrue(
          compared.contains("preprocessing")
              || compared.contains("network's settings")
              || compared.contains("mean"),
          () -> name + " is not in " + compared);
      CommandLineRun.analyze(
              with(
                  new Object[] {
                    "--model",
                    keras,
                    "--data",
                    images,
                    "--quantization",
                    folder.resolve("plain/quantization.json"),
                    "--out",
                    folder.resolve("refused")
                  },
                  setting))
          .fails("calibrated with other " + (name.endsWith("activation") ? "network" : "prepro"));
    }
  }

  @Test
  void packedImagesKeepTheirInterpolation() {
    Path packed = folder.resolve("bicubic.packed");
    Object[] pack = {"pack", "--quiet", "--model", keras, "--data", images, "--out", packed};
    CommandLineRun.of(with(pack, "--interpolation", "bicubic")).succeeds();
    Object[] run = {"--model", keras, "--data", packed, "--calibrate", 4};
    CommandLineRun.analyze(with(run, "--out", folder.resolve("packed-bilinear")))
        .fails("bicubic antialiased", "bilinear antialiased");
    CommandLineRun.analyze(
            with(run, "--out", folder.resolve("packed"), "--interpolation", "bicubic"))
        .succeeds();
    String bench =
        CommandLineRun.of(
                "bench",
                "run",
                "--model",
                keras,
                "--data",
                packed,
                "--interpolation",
                "bicubic",
                "--activation",
                "relu",
                "--batch",
                2,
                "--warm-up",
                0,
                "--seconds",
                0.01)
            .succeeds()
            .out();
    assertEquals(1, bench.lines().count(), bench);
  }

  @Test
  void aStudyTakesThemForTheNetworksItIsGiven() throws IOException {
    Path out = folder.resolve("study");
    Object[] study = {
      "study",
      "--quiet",
      "--model",
      keras,
      "--data",
      images,
      "--bits",
      "8",
      "--granularity",
      "per-tensor",
      "--calibrate",
      4,
      "--out",
      out,
      "--input-range",
      "0..1"
    };
    CommandLineRun.of(with(study, "--activation", "relu")).succeeds();
    JsonNode manifest = RunFiles.json(out.resolve("runs/model/w8a8-per-tensor/manifest.json"));
    assertEquals(255, manifest.path("std").get(0).doubleValue());
    assertTrue(manifest.path("network").textValue().contains("\"activation\":\"relu\""));
    CommandLineRun.of(with(study, "--activation", "relu6", "--resume")).fails("network");
    CommandLineRun.of(with(study, "--activation", "relu", "--resume")).succeeds();
  }

  @ParameterizedTest
  @CsvSource({
    "--mean, '1,2'",
    "--mean, NaN",
    "--mean, x",
    "--mean, '1,2,3,'",
    "--mean, ''",
    "--mean, 1e39",
    "--std, 1e-45",
    "--std, 1e9",
    "--std, 0",
    "--std, '1,-1,1'",
    "--std, Infinity",
    "--input-range, 0..2",
    "--channel-order, grb",
    "--interpolation, lanczos",
    "--activation, none",
    "--activation, gelu",
  })
  void refusesWhatCannotBe(String option, String value) {
    CommandLineRun.of("inspect", "--model", keras, option, value).isMisuse(option);
    CommandLineRun.of("study", "--model", keras, "--data", images, option, value).isMisuse(option);
    CommandLineRun.analyze("--model", keras, "--data", images, option, value).isMisuse(option);
  }

  @Test
  void aRangeStandsForMeanAndStd() {
    CommandLineRun.of("inspect", "--input-range", "0..1", "--mean", "3")
        .isMisuse("--input-range", "--mean");
  }
}
