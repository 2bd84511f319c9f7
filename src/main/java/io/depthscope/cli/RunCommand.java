package io.depthscope.cli;

import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.quant.QuantScheme;
import io.depthscope.record.QuantizationJson;
import io.depthscope.run.BackendChoice;
import io.depthscope.run.Quantization;
import io.depthscope.run.TensorInput;
import io.depthscope.run.TensorRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs a network on tensors from a file and writes its tensors. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    description = {
      "Run a network in fp32 and quantized form on a NumPy file, and write its outputs, or the"
          + " outputs of all its layers, as NumPy files.",
      "Axes are in the order of the model's file, with the images first."
    })
final class RunCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ModelOptions modelOptions;
  @Mixin private SchemeOptions schemeOptions;
  @Mixin private BackendOptions backendOptions;

  /** What is written. */
  enum Tensors {
    OUTPUTS,
    ALL
  }

  @Option(
      names = "--input",
      paramLabel = "X.npy",
      required = true,
      description = "The network's input as it is, not pixels: images first.")
  private Path input;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "Folder for fp32/NAME.npy, quantized/NAME.npy and quantized/NAME.codes.npy.")
  private Path out;

  @Option(
      names = "--tensors",
      paramLabel = "T",
      defaultValue = "outputs",
      description =
          "outputs: those of the file; all: the output of every layer, too. Default:"
              + " ${DEFAULT-VALUE}.")
  private Tensors tensors;

  @Option(
      names = "--quantization",
      paramLabel = "FILE",
      description =
          "Quantize by the parameters in this quantization.json; else as a quantized model file"
              + " says, else by a scheme, with ranges of the input itself.")
  private Path quantization;

  @Option(names = "--overwrite", description = "Replace the tensors in --out.")
  private boolean overwrite;

  @Override
  public Integer call() throws IOException {
    QuantScheme scheme = schemeOptions.scheme();
    backendOptions.check();
    if (quantization != null && schemeOptions.isGiven()) {
      throw new UsageException("--quantization stands for the options of a scheme");
    }
    TensorRun.requireOurs(out, overwrite);
    List<Path> read = new ArrayList<>(modelOptions.inputs());
    read.add(input);
    if (quantization != null) {
      read.add(quantization);
    }
    OutputFile.checkApart("--out", TensorRun.replaced(out), read);
    List<Integer> extents = TensorInput.extents(input);
    LoadedModel model = modelOptions.model(Optional.of(extents));
    Quantization by =
        quantization == null
            ? Quantization.of(model, scheme, schemeOptions.policy(), schemeOptions.isGiven())
            : new Quantization.AsWritten(QuantizationJson.read(quantization));
    try (BackendChoice.Opened opened = backendOptions.choice().open()) {
      new TensorRun(model, by, backendOptions.machine(opened), tensors == Tensors.ALL)
          .run(input, out);
    }
    spec.commandLine().getOut().println("tensors: " + out);
    return 0;
  }
}
