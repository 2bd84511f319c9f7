package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.depthscope.record.Run;
import io.depthscope.record.RunDirectory;
import io.depthscope.record.RunLayer;
import io.depthscope.record.RunReader;
import io.depthscope.run.ExportFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files for other programs, from a run, from a mended network and from a model's file. */
class ExportCommandTest {
  @TempDir private static Path shared;
  @TempDir private Path folder;

  /** A run of three images. */
  private static Path run;

  /** A folder as a mended network has it: the network, its parameters, and a run of it. */
  private static Path mended;

  @BeforeAll
  static void prepare() throws IOException {
    run = shared.resolve("run");
    mended = shared.resolve("mended");
    CommandLineRun.analyze("--data", "synthetic:3", "--calibrate", 20, "--out", run).succeeds();
    Files.createDirectories(mended);
    Path network = mended.resolve("network.safetensors");
    CommandLineRun.of("export", "--model", StoppableRun.MODEL, "--to", network).succeeds();
    Files.copy(run.resolve(RunDirectory.QUANTIZATION), mended.resolve(RunDirectory.QUANTIZATION));
    Path after = mended.resolve("after");
    Files.createDirectories(after);
    for (Path each : RunDirectory.files(run)) {
      if (Files.exists(each)) {
        Files.copy(each, after.resolve(each.getFileName()));
      }
    }
  }

  private Path export(String name, Object... args) {
    Path to = folder.resolve(name);
    Object[] all = new Object[args.length + 3];
    all[0] = "export";
    System.arraycopy(args, 0, all, 1, args.length);
    all[args.length + 1] = "--to";
    all[args.length + 2] = to;
    CommandLineRun done = CommandLineRun.of(all).succeeds();
    assertTrue(done.out().contains(to.toString()), done::toString);
    return to;
  }

  @Test
  void listsTheFormats() {
    CommandLineRun done = CommandLineRun.of("export", "--list").succeeds();
    assertEquals(ExportFormat.values().length, done.out().lines().count());
  }

  @Test
  void aNetworkOfItsOwnFileIsAnalyzedToTheSameFigures() throws IOException {
    Path again = folder.resolve("again");
    CommandLineRun.analyze(
            "--model",
            mended.resolve("network.safetensors"),
            "--data",
            "synthetic:3",
            "--calibrate",
            20,
            "--out",
            again)
        .succeeds();
    List<RunLayer> expected = RunReader.read(run).layers();
    List<RunLayer> got = RunReader.read(again).layers();
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(expected.get(i).error(), got.get(i).error());
      assertEquals(
          expected.get(i).weights().map(RunLayer.Weights::unfoldedMax),
          got.get(i).weights().map(RunLayer.Weights::unfoldedMax));
    }
  }

  @Test
  void aNetworkSaysHowItsImagesAreRead() {
    Path net =
        export(
            "bgr.safetensors",
            "--model",
            StoppableRun.MODEL,
            "--mean",
            "1,2,3",
            "--std",
            "50.5",
            "--channel-order",
            "bgr");
    CommandLineRun shown = CommandLineRun.of("inspect", "--model", net).succeeds();
    assertTrue(
        shown.out().contains("BGR, (p - [1.0, 2.0, 3.0]) / 50.5 (stated when the file was written"),
        shown::toString);
    CommandLineRun.of("inspect", "--model", net, "--resolution", 64).fails("no --resolution");
  }

  @Test
  void anOnnxFileHasTheRunsParameters() {
    Path onnx = export("net_qdq.onnx", mended);
    CommandLineRun shown = CommandLineRun.of("inspect", "--model", onnx).succeeds();
    assertTrue(shown.out().contains("the file's own scales"), shown::toString);
    Path plain = export("net.onnx", "--model", StoppableRun.MODEL);
    CommandLineRun without = CommandLineRun.of("inspect", "--model", plain).succeeds();
    assertFalse(without.out().contains("the file's own scales"), without::toString);
    Path coded = export("coded.onnx", mended, "--int32-bias");
    CommandLineRun.of("inspect", "--model", coded).succeeds();
  }

  @ParameterizedTest
  @ValueSource(strings = {"layers.csv", "channels.csv"})
  void tablesAreThoseOfTheRun(String name) throws IOException {
    byte[] own = Files.readAllBytes(run.resolve(name));
    assertArrayEquals(own, Files.readAllBytes(export(name, run)));
    assertArrayEquals(own, Files.readAllBytes(export("mended-" + name, mended)));
  }

  @Test
  void figuresOfARunByTheNamesOfOtherTools() throws IOException {
    Run read = RunReader.read(run);
    JsonNode losses = RunFiles.json(export("aimet.json", run));
    JsonNode errors = RunFiles.json(export("ort.json", run));
    int seen = 0;
    for (RunLayer l : read.layers()) {
      if (l.params().isPresent()) {
        double error = errors.get(l.name()).get("xmodel_err").doubleValue();
        assertEquals(l.error().sqnrDb(), error);
        if (!l.identity().inputs().isEmpty()) {
          assertEquals(l.error().mse(), losses.get(l.name()).doubleValue());
          seen++;
        }
      }
    }
    assertEquals(seen, losses.size());
    assertEquals(seen + 1, errors.size(), "the input, too");
  }

  @Test
  void encodingsStandForTheSameValues() throws IOException {
    Run read = RunReader.read(run);
    JsonNode old = RunFiles.json(export("old.json", mended, "--format", "aimet-0.6.1"));
    JsonNode current = RunFiles.json(export("encodings.json", mended));
    assertEquals("0.6.1", old.get("version").asText());
    assertEquals("1.0.0", current.get("version").asText());
    int k = 0;
    for (RunLayer l : read.layers()) {
      if (l.params().isEmpty()) {
        continue;
      }
      float scale = l.params().get().scale();
      int offset = -l.params().get().zeroPoint(); // codes from 0 on
      JsonNode was = old.get("activation_encodings").get(l.name()).get(0);
      assertEquals(8, was.get("bitwidth").intValue());
      assertEquals("int", was.get("dtype").asText());
      assertEquals("False", was.get("is_symmetric").textValue());
      assertEquals(scale, (float) was.get("scale").doubleValue());
      assertEquals(offset, was.get("offset").intValue());
      assertEquals(offset * (double) scale, was.get("min").doubleValue());
      assertEquals((offset + 255) * (double) scale, was.get("max").doubleValue());
      JsonNode is = current.get("activation_encodings").get(k++);
      assertEquals(l.name(), is.get("name").asText());
      assertEquals("PER_TENSOR", is.get("enc_type").asText());
      assertEquals("INT", is.get("dtype").asText());
      assertEquals(8, is.get("bw").intValue());
      assertFalse(is.get("is_sym").booleanValue());
      assertEquals(scale, (float) is.get("scale").get(0).doubleValue());
      assertEquals(offset, is.get("offset").get(0).intValue());
    }
    assertEquals(k, current.get("activation_encodings").size());
    long weighted = read.layers().stream().filter(l -> l.weights().isPresent()).count();
    assertEquals(weighted, current.get("param_encodings").size());
    assertTrue(current.get("param_encodings").get(0).get("name").asText().endsWith(".weight"));
    assertEquals(weighted, old.get("param_encodings").size());
    assertEquals(8, old.get("quantizer_args").get("param_bitwidth").intValue());
    assertEquals("False", old.get("quantizer_args").get("per_channel_quantization").textValue());
  }

  @Test
  void encodingsOfChannels() throws IOException {
    Path other = folder.resolve("channels");
    CommandLineRun.analyze(
            "--data",
            "synthetic:2",
            "--calibrate",
            2,
            "--granularity",
            "per-channel",
            "--symmetric",
            "weights",
            "--scheme",
            "w4a8",
            "--out",
            other)
        .succeeds();
    Path to = export("net.encodings", other, "--model", StoppableRun.MODEL);
    JsonNode weights = RunFiles.json(to).get("param_encodings").get(0);
    assertEquals("PER_CHANNEL", weights.get("enc_type").asText());
    assertEquals(4, weights.get("bw").intValue());
    assertTrue(weights.get("is_sym").booleanValue());
    assertEquals(-8, weights.get("offset").get(0).intValue());
    assertTrue(weights.get("scale").size() > 1);
  }

  /** The mean over images of what a run of each image alone records. */
  @Test
  void dialectsAreMeansOverImages() throws IOException {
    Object[] how = {"--data", "synthetic:3", "--quiet"};
    List<String> ppq = Files.readAllLines(export("ppq.csv", with(mended, how)));
    List<String> tflite = Files.readAllLines(export("tflite.csv", with(mended, how)));
    assertEquals("operation,snr", ppq.getFirst());
    assertEquals(
        "op_name,tensor_idx,num_elements,stddev,mean_error,max_abs_error,mean_squared_error,scale,"
            + "zero_point,tensor_name",
        tflite.getFirst());
    Run all = RunReader.read(run);
    int row = 1;
    for (RunLayer l : all.layers()) {
      if (l.params().isEmpty() || l.identity().inputs().isEmpty()) {
        continue;
      }
      String[] snr = ppq.get(row).split(",", -1);
      String[] stats = tflite.get(row++).split(",", -1);
      assertEquals(l.name(), snr[0]);
      assertEquals(l.name(), stats[9]);
      assertEquals(l.identity().kind(), stats[0]);
      assertEquals(l.identity().index(), Integer.parseInt(stats[1]));
      assertEquals(l.identity().shape().size(), Double.parseDouble(stats[2]));
      double mse = l.error().mse();
      assertEquals(l.error().meanError(), Double.parseDouble(stats[4]), 1e-6 * Math.sqrt(mse));
      assertEquals(mse, Double.parseDouble(stats[6]), 1e-6 * mse);
      double largest = Double.parseDouble(stats[5]);
      assertTrue(largest <= l.error().maxAbs() && largest > l.error().maxAbs() / 3, l.name());
      double deviation = Double.parseDouble(stats[3]);
      assertTrue(deviation <= Math.sqrt(mse) && deviation > 0, l.name());
      double nsr = Double.parseDouble(snr[1]);
      assertTrue(nsr > l.error().nsr() / 3 && nsr < 3 * l.error().nsr(), l.name());
      assertEquals(l.params().get().scale(), Float.parseFloat(stats[7]));
    }
    assertEquals(row, ppq.size());
    List<String> one =
        Files.readAllLines(export("one-ppq.csv", with(mended, "--data", "synthetic:1", "--quiet")));
    Path single = folder.resolve("single");
    CommandLineRun.analyze(
            "--data",
            "synthetic:1",
            "--quantization",
            mended.resolve(RunDirectory.QUANTIZATION),
            "--out",
            single)
        .succeeds();
    row = 1;
    for (RunLayer l : RunReader.read(single).layers()) {
      if (l.params().isPresent() && !l.identity().inputs().isEmpty()) {
        double nsr = l.error().nsr();
        assertEquals(nsr, Double.parseDouble(one.get(row++).split(",", -1)[1]), 1e-6 * nsr);
      }
    }
  }

  private static Object[] with(Object first, Object... rest) {
    Object[] all = new Object[rest.length + 1];
    all[0] = first;
    System.arraycopy(rest, 0, all, 1, rest.length);
    return all;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "net.bin|tells no format",
        "net|tells no format",
      })
  void refusesNamesThatTellNothing(String name, String words) {
    CommandLineRun.of("export", mended, "--to", folder.resolve(name)).isMisuse(words, "--format");
  }

  @ParameterizedTest
  @EnumSource(ExportFormat.class)
  void everyFormatHasAWordAndIsRefusedWithoutWhatItIsMadeOf(ExportFormat format) {
    Path to = folder.resolve("x");
    CommandLineRun done =
        CommandLineRun.of(
            "export", "--model", StoppableRun.MODEL, "--to", to, "--format", format.word());
    if (format.source() == ExportFormat.Source.NETWORK) {
      done.succeeds();
    } else {
      done.isMisuse(format.word());
      assertFalse(Files.exists(to));
    }
  }

  @Test
  void aQuantizedModelKeepsItsScalesInOnnxAlone() {
    Path model = Path.of("test-data/onnx/quantized_rectified.onnx");
    Path to = folder.resolve("net.safetensors");
    CommandLineRun done = CommandLineRun.of("export", "--model", model, "--to", to).succeeds();
    assertTrue(done.err().contains("no scales"), done::toString);
    Path onnx = export("again.onnx", "--model", model);
    CommandLineRun shown = CommandLineRun.of("inspect", "--model", onnx).succeeds();
    assertTrue(shown.out().contains("the file's own scales"), shown::toString);
  }

  @Test
  void refusesToOverwrite() throws IOException {
    Path to = export("net.onnx", mended);
    CommandLineRun.of("export", mended, "--to", to).isMisuse("exists", "--overwrite");
    CommandLineRun.of("export", mended, "--to", to, "--overwrite").succeeds();
    Path own = mended.resolve("network.safetensors");
    byte[] before = Files.readAllBytes(own);
    CommandLineRun.of("export", mended, "--to", own, "--overwrite")
        .isMisuse("is read by this command");
    assertArrayEquals(before, Files.readAllBytes(own));
    CommandLineRun.of("export", run, "--to", run.resolve("layers.csv"), "--overwrite")
        .isMisuse("belongs to the record of a run");
  }

  @Test
  void refusesWhatDoesNotApply() throws IOException {
    Path to = folder.resolve("net.safetensors");
    CommandLineRun.of("export", mended).isMisuse("--to is missing");
    CommandLineRun.of("export", mended, "--to", to, "--int32-bias").isMisuse("is for ONNX");
    CommandLineRun.of("export", run, "--to", to).fails("holds no network.safetensors", "--model");
    CommandLineRun.of("export", mended, "--to", to, "--data", run).isMisuse("leave out --data");
    CommandLineRun.of("export", folder, "--to", folder.resolve("layers.csv"))
        .fails("holds no finished run");
    CommandLineRun.of("export", folder.resolve("none"), "--to", to).fails("is no folder");
    Path bad = Files.writeString(folder.resolve("q.json"), "{}");
    CommandLineRun.of("export", mended, "--quantization", bad, "--to", to).fails(bad.toString());
    assertFalse(Files.exists(to));
  }
}
