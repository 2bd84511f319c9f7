package io.depthscope.cli;

import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.Datasets;
import io.depthscope.dataset.Preprocessing;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.graph.exchange.ModelFile;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Recording;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.record.QuantizationJson;
import io.depthscope.run.Analysis;
import io.depthscope.run.CalibrationSource;
import io.depthscope.run.Machine;
import io.depthscope.run.Method;
import io.depthscope.run.Quantization;
import io.depthscope.run.Subject;
import io.depthscope.run.TestImages;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * The run of {@code analyze --data DATA --calibrate 20 --batch 4 --checkpoint-every 8}, which a
 * test may stop anywhere and send to any file system.
 *
 * @param data as after {@code --data}
 * @param quantization as after {@code --quantization}
 */
record StoppableRun(String data, Optional<Path> quantization) {
  /** The network inside the program, as a file. */
  static final Path MODEL = Path.of("test-data/models/dws-cnn-synthetic.safetensors");

  static final int CALIBRATION_IMAGES = 20;

  StoppableRun(String data) {
    this(data, Optional.empty());
  }

  /**
   * @param stop asked after each batch
   */
  Analysis.Outcome run(Path out, boolean resume, BooleanSupplier stop) throws IOException {
    LoadedModel model = ModelFile.load(MODEL, LoadOptions.NONE);
    QuantScheme scheme =
        QuantScheme.parse(
            "w8a8",
            false,
            false,
            Granularity.PER_TENSOR,
            new RangeEstimator.MinMax(),
            new RangeEstimator.MinMax());
    Datasets.Options options = Datasets.Options.defaults();
    String calibration = DataOptions.trainingSplit(data, CALIBRATION_IMAGES).orElse(data);
    try (Dataset images = Datasets.open(data, options)) {
      Analysis analysis =
          new Analysis(
              new Subject(model, Preprocessing.exact(model.graph().inputShape())),
              new TestImages<>(images, images.size(), false, options.seed()),
              new Method(
                  quantization.isEmpty()
                      ? new Quantization.ByScheme(scheme)
                      : new Quantization.AsWritten(QuantizationJson.read(quantization.get())),
                  Feed.ACCUMULATED,
                  Recording.STATISTICS),
              CalibrationSource.of(
                  calibration,
                  CALIBRATION_IMAGES,
                  CalibrationSource.Order.SPREAD,
                  quantization,
                  () -> Datasets.open(calibration, options)),
              new Machine(new CpuBackend(2), "asked for", 2, 4));
      return analysis
          .run(
              new Analysis.Output(out, resume, false, 8),
              new Terminal(new PrintWriter(Writer.nullWriter()), true, stop))
          .outcome();
    }
  }

  /** Runs it until the first checkpoint is there. */
  Analysis.Outcome interrupted(Path out) throws IOException {
    return run(out, false, () -> Files.exists(out.resolve("checkpoint.bin")));
  }

  /** The command line of the same run, which may be continued with other threads and batches. */
  CommandLineRun onCommandLine(Path out, Object... more) {
    List<Object> args = new ArrayList<>(List.of("--data", data, "--out", out));
    args.addAll(
        quantization.isPresent()
            ? List.of("--quantization", quantization.get())
            : List.of("--calibrate", CALIBRATION_IMAGES));
    args.addAll(List.of(more));
    return CommandLineRun.analyze(args.toArray());
  }

  /** The same; what is given anew replaces what the run has. */
  CommandLineRun onCommandLineReplacing(Path out, Object... more) {
    List<Object> changed = List.of(more);
    List<Object> args = new ArrayList<>(changed);
    args.addAll(List.of("--out", out));
    if (!changed.contains("--data")) {
      args.addAll(List.of("--data", data));
    }
    if (!changed.contains("--calibrate")) {
      args.addAll(List.of("--calibrate", CALIBRATION_IMAGES));
    }
    return CommandLineRun.analyze(args.toArray());
  }
}
