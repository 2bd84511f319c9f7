package io.depthscope.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A file that another program loads. */
public enum ExportFormat {
  SAFETENSORS("safetensors", Source.NETWORK, "the whole network as safetensors", ".safetensors"),
  ONNX(
      "onnx",
      Source.NETWORK,
      "an ONNX file; with a quantization one with QuantizeLinear and DequantizeLinear",
      ".onnx"),
  AIMET_1_0_0(
      "aimet-1.0.0",
      Source.QUANTIZATION,
      "encodings of AIMET, version 1.0.0, for the names in the ONNX file",
      "encodings.json",
      ".encodings"),
  AIMET_0_6_1("aimet-0.6.1", Source.QUANTIZATION, "the same, version 0.6.1"),
  LAYERS("layers", Source.RUN, "a run's table of layers", "layers.csv"),
  CHANNELS("channels", Source.RUN, "a run's table of channels", "channels.csv"),
  AIMET_MSE(
      "aimet-mse",
      Source.RUN,
      "per_layer_mse_loss.json as AIMET's QuantAnalyzer writes it",
      "aimet.json",
      "per_layer_mse_loss.json"),
  ORT(
      "ort",
      Source.RUN,
      "xmodel_err by tensor, as ONNX Runtime's QDQ debugging has it",
      "ort.json"),
  PPQ("ppq", Source.IMAGES, "SNR of each layer by PPQ's definition", "ppq.csv"),
  TFLITE("tflite", Source.IMAGES, "the table of TFLite's QuantizationDebugger", "tflite.csv");

  /** What such a file is made of. */
  public enum Source {
    /** A network, quantized or not. */
    NETWORK,
    /** A network and its parameters. */
    QUANTIZATION,
    /** The record of a run. */
    RUN,
    /** A network and its parameters, run on images. */
    IMAGES
  }

  private final String word;
  private final Source source;
  private final String words;
  private final List<String> endings;

  ExportFormat(String word, Source source, String words, String... endings) {
    this.word = word;
    this.source = source;
    this.words = words;
    this.endings = List.of(endings);
  }

  public Source source() {
    return source;
  }

  /** What it is, on one line. */
  public String words() {
    return words;
  }

  /** The word on the command line. */
  public String word() {
    return word;
  }

  /** The format that a file's name tells, if one does. */
  public static Optional<ExportFormat> of(String file) {
    String name = file.toLowerCase(Locale.ROOT);
    for (ExportFormat f : values()) {
      if (f.endings.stream().anyMatch(name::endsWith)) {
        return Optional.of(f);
      }
    }
    return Optional.empty();
  }

  /** How the names end that tell a format. */
  public static List<String> allEndings() {
    List<String> all = new ArrayList<>();
    for (ExportFormat f : values()) {
      all.addAll(f.endings);
    }
    return all;
  }
}
