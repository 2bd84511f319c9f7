package io.depthscope.cli;

import io.depthscope.dataset.Dataset;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.quant.QuantSpec;
import io.depthscope.record.MendDirectory;
import io.depthscope.record.QuantizationJson;
import io.depthscope.record.Run;
import io.depthscope.record.RunDirectory;
import io.depthscope.record.RunReader;
import io.depthscope.run.BackendChoice;
import io.depthscope.run.Export;
import io.depthscope.run.ExportFormat;
import io.depthscope.run.LayerDialects;
import io.depthscope.run.Subject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes a network, its parameters or its figures for other programs. */
@Command(
    name = "export",
    mixinStandardHelpOptions = true,
    description = {
      "Write a network, how it is quantized, or figures of its layers as a file that other programs"
          + " load.",
      "The name of --to tells the format: net.safetensors, net.onnx, encodings.json, layers.csv,"
          + " channels.csv, aimet.json, ort.json, ppq.csv or tflite.csv; 'export --list' says what"
          + " each is."
    })
final class ExportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ModelOptions modelOptions;
  @Mixin private DataOptions dataOptions;
  @Mixin private BackendOptions backendOptions;

  @Parameters(
      paramLabel = "FOLDER",
      arity = "0..1",
      description =
          "Folder of a mended network, or of a run: its quantization.json, its network where it has"
              + " one, and its figures.")
  private Path folder;

  @Option(names = "--list", description = "Name the formats, and end.")
  private boolean list;

  @Option(names = "--to", paramLabel = "FILE", description = "File to write.")
  private Path to;

  @Option(
      names = "--format",
      paramLabel = "F",
      description = "Which format, where the name of --to does not tell; see --list.")
  private ExportFormat format;

  @Option(
      names = "--quantization",
      paramLabel = "FILE",
      description =
          "Quantize by the parameters in this quantization.json. Default: that in FOLDER, else as a"
              + " quantized model file says; an ONNX file without any is in float32.")
  private Path quantization;

  @Option(
      names = "--int32-bias",
      description =
          "ONNX: biases in int32, to the scale of the input times that of the weights, as integer"
              + " hardware has them. Default: in float32.")
  private boolean codedBias;

  @Option(names = "--overwrite", description = "Replace the file that --to names.")
  private boolean overwrite;

  @Option(names = "--quiet", description = "No progress.")
  private boolean quiet;

  @Override
  public Integer call() throws IOException {
    if (list) {
      for (ExportFormat f : ExportFormat.values()) {
        spec.commandLine().getOut().println(String.join("  ", padded(f.word()), f.words()));
      }
      return 0;
    }
    if (to == null) {
      throw new UsageException("--to is missing: which file to write");
    }
    ExportFormat as = format();
    if (codedBias && as != ExportFormat.ONNX) {
      throw new UsageException("--int32-bias is for ONNX, not for " + as.word());
    }
    if (as.source() != ExportFormat.Source.IMAGES) {
      requireNoData(as);
    }
    OutputFile.check("--to", to, true, overwrite);
    if (folder != null && !Files.isDirectory(folder)) {
      throw new IOException(folder + ": is no folder; --model names a file");
    }
    if (as.source() == ExportFormat.Source.RUN) {
      Path run = runFolder(as);
      OutputFile.checkApart("--to", to, RunDirectory.files(run));
      Run read = RunReader.read(run);
      Export.run(as, read, to);
    } else {
      network(as);
    }
    spec.commandLine().getOut().println(as.word() + ": " + to);
    return 0;
  }

  private static String padded(String word) {
    return word + " ".repeat(Math.max(0, 12 - word.length()));
  }

  private ExportFormat format() {
    if (format != null) {
      return format;
    }
    String name = String.valueOf(to.getFileName());
    return ExportFormat.of(name)
        .orElseThrow(
            () ->
                new UsageException(
                    "the name of "
                        + to
                        + " tells no format; it ends in one of "
                        + String.join(", ", ExportFormat.allEndings())
                        + ", or --format says which"));
  }

  private void requireNoData(ExportFormat as) {
    if (!dataOptions.inputs().isEmpty()) {
      throw new UsageException("no image is needed for " + as.word() + ": leave out --data");
    }
  }

  /** The folder of the run whose figures are wanted. */
  private Path runFolder(ExportFormat as) throws IOException {
    if (folder == null) {
      throw new UsageException(as.word() + " is made of a run: name its folder");
    }
    for (Path each : List.of(folder, folder.resolve(MendDirectory.AFTER))) {
      if (RunDirectory.isComplete(each)) {
        return each;
      }
    }
    throw new IOException(folder + ": holds no finished run");
  }

  private void network(ExportFormat as) throws IOException {
    if (folder != null && !modelOptions.isGiven()) {
      Path own = folder.resolve(MendDirectory.NETWORK);
      if (!Files.exists(own)) {
        throw new IOException(
            folder + ": holds no " + MendDirectory.NETWORK + "; name the network with --model");
      }
      modelOptions.use(own);
    }
    Optional<Path> parameters = parameters();
    List<Path> read =
        new ArrayList<>(
            Stream.concat(modelOptions.inputs().stream(), dataOptions.inputs().stream()).toList());
    parameters.ifPresent(read::add);
    OutputFile.checkApart("--to", to, read);
    LoadedModel model = modelOptions.model(Optional.empty());
    Optional<QuantSpec> how = quantized(model, parameters);
    if (as.source() != ExportFormat.Source.NETWORK && how.isEmpty()) {
      throw new UsageException(
          as.word() + " is about a quantized network: name FOLDER or --quantization");
    }
    if (as.source() == ExportFormat.Source.IMAGES) {
      measure(as, modelOptions.subject(model), how.orElseThrow());
      return;
    }
    if (as == ExportFormat.SAFETENSORS && parameters.isEmpty() && how.isPresent()) {
      spec.commandLine()
          .getErr()
          .println(
              Main.oneLine(
                  "depthscope: "
                      + to
                      + " holds the values that codes stand for, and no scales; .onnx holds both"));
    }
    int channels = model.graph().inputShape().channels();
    boolean images = channels == 3 || channels == 1;
    Subject subject = images ? modelOptions.subject(model) : new Subject(model, Optional.empty());
    Export.network(as, subject, modelOptions.stated(), how, codedBias, to);
  }

  private Optional<Path> parameters() {
    if (quantization != null) {
      return Optional.of(quantization);
    }
    return Optional.ofNullable(folder)
        .map(f -> f.resolve(RunDirectory.QUANTIZATION))
        .filter(Files::exists);
  }

  private static Optional<QuantSpec> quantized(LoadedModel model, Optional<Path> parameters)
      throws IOException {
    return parameters.isPresent()
        ? Optional.of(QuantizationJson.read(parameters.get()).spec(model.network()))
        : model.quantization();
  }

  private void measure(ExportFormat as, Subject subject, QuantSpec how) throws IOException {
    dataOptions.check();
    Terminal terminal = new Terminal(spec.commandLine().getErr(), quiet, () -> false);
    try (Dataset data = dataOptions.openUnlabelled(dataOptions.spec(subject.model()));
        BackendChoice.Opened opened = backendOptions.choice().open()) {
      new LayerDialects(subject, how, dataOptions.images(data), backendOptions.machine(opened))
          .write(as, to, u -> terminal.notice("skipped " + u.name() + ": " + u.reason()), terminal);
    }
  }
}
