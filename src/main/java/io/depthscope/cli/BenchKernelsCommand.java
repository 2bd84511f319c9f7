package io.depthscope.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.depthscope.backend.Backend;
import io.depthscope.backend.cuda.CudaBackend;
import io.depthscope.backend.cuda.CudaOptions;
import io.depthscope.backend.cuda.KernelBench;
import io.depthscope.backend.cuda.KernelBench.Timing;
import io.depthscope.device.DeviceException;
import io.depthscope.device.jcuda.JCudaDevices;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.record.AtomicFile;
import io.depthscope.verification.Findings;
import io.depthscope.verification.LayerCase;
import io.depthscope.verification.LayerComparison;
import io.depthscope.verification.LayerFile;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.ProbedCase;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Checks and times single kernels on a GPU. */
@Command(
    name = "kernels",
    mixinStandardHelpOptions = true,
    description =
        "Check each kernel that can run a layer against the reference, then time it on a GPU.")
final class BenchKernelsCommand implements Callable<Integer> {
  private static final int MOST_REPEATS = 100_000;

  @Spec private CommandSpec spec;

  @Option(names = "--device", paramLabel = "N", defaultValue = "0", description = "Which GPU.")
  private int device;

  @Option(
      names = "--shapes",
      paramLabel = "FILE",
      description =
          "Layers, one a line, as in bench/shapes. Default: those of MobileNet-V1 1.0 at 224x224.")
  private Path shapes;

  @Option(
      names = "--level",
      defaultValue = "statistics",
      description = BenchCommand.LEVELS + ". Default: ${DEFAULT-VALUE}.")
  private Recording level;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "64",
      description = "Images a launch. Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--repeats",
      paramLabel = "N",
      defaultValue = "20",
      description = "Timed launches of each kernel. Default: ${DEFAULT-VALUE}.")
  private int repeats;

  @Option(names = "--best", description = "Only the kernel that a run would take.")
  private boolean best;

  @Option(names = "--no-check", description = "Time without checking first.")
  private boolean noCheck;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the figures there, too.")
  private Path json;

  @Option(names = "--overwrite", description = "Replace the file of --json.")
  private boolean overwrite;

  @Override
  public Integer call() throws IOException {
    if (batch < 1 || batch > 4096 || repeats < 1 || repeats > MOST_REPEATS) {
      throw new UsageException("--batch must be 1..4096, --repeats 1.." + MOST_REPEATS);
    }
    if (json != null) {
      OutputFile.check("--json", json, true, overwrite);
      OutputFile.checkApart("--json", json, shapes == null ? List.of() : List.of(shapes));
    }
    BackendOptions.checkDevice(device);
    List<LayerCase> layers = shapes == null ? LayerFile.mobileNet() : LayerFile.read(shapes);
    PrintWriter out = spec.commandLine().getOut();
    try (CudaBackend backend = open()) {
      out.println(backend.description());
      KernelBench bench = new KernelBench(backend, batch, repeats);
      double copy = bench.copyBandwidth();
      out.printf(Locale.ROOT, "copy within the device: %.0f GB/s read and written%n", copy);
      ObjectNode record = new ObjectMapper().createObjectNode();
      record.put("device", backend.description()).put("level", level.word()).put("batch", batch);
      record.put("repeats", repeats).put("copyGigabytesPerSecond", copy);
      ArrayNode rows = record.putArray("kernels");
      TextTable table =
          new TextTable(2, "layer", "kernel", "us", "GB/s", "of copy", "GFLOP/s", "regs", "check");
      boolean sound = true;
      try {
        for (LayerCase layer : layers) {
          if (layer.inputs().isEmpty() || !layer.runsOn(backend)) {
            out.println(layer.name() + ": not timed, no kernel here computes " + layer.word());
            continue;
          }
          PlanCase c = layer.planCase(scheme(), 1, 1);
          Plan plan = c.plan(level);
          List<String> kernels = KernelBench.variants(plan);
          for (String kernel : best ? kernels.subList(0, 1) : kernels) {
            Findings findings = noCheck ? new Findings() : check(backend, c, kernel);
            sound &= findings.isEmpty();
            Timing t = bench.time(plan, kernel);
            String verdict = noCheck ? "-" : findings.isEmpty() ? "ok" : "FAIL";
            table.row(
                layer.name(),
                kernel,
                text(t.micros()),
                text(t.bandwidth()),
                String.format(Locale.ROOT, "%.0f %%", 100 * t.bandwidth() / copy),
                text(t.rate()),
                Integer.toString(t.registers()),
                verdict);
            ObjectNode row = new ObjectMapper().valueToTree(t);
            rows.add(row.put("layer", layer.name()).put("check", verdict));
            if (!findings.isEmpty()) {
              out.println("FAIL " + layer.name() + " " + kernel + "\n  " + findings);
            }
          }
        }
      } finally { // what was measured before a failure is worth keeping
        table.lines().forEach(out::println);
      }
      write(record);
      return sound ? 0 : Main.FAILED;
    } catch (DeviceException e) {
      if (e.isOutOfMemory() && batch > 1) {
        throw new IOException(e.getMessage() + "; try a --batch below " + batch, e);
      }
      throw e;
    }
  }

  private void write(ObjectNode record) throws IOException {
    if (json == null) {
      return;
    }
    byte[] text =
        new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsBytes(record);
    AtomicFile.write(json, to -> to.write(text));
  }

  private CudaBackend open() throws IOException {
    try {
      return new CudaBackend(JCudaDevices.open(device), CudaOptions.DEFAULT);
    } catch (DeviceException e) {
      throw new IOException("bench kernels needs a GPU: " + e.getMessage(), e);
    }
  }

  /** The kernel on one image of the layer's real size, against plain loops in double. */
  @SuppressWarnings("resource") // shares the device of the backend it comes from
  private Findings check(CudaBackend backend, PlanCase c, String kernel) {
    Backend forced = backend.with(new CudaOptions(null, kernel));
    ProbedCase probed = ProbedCase.of(forced, c);
    Findings findings = probed.againstTheOracle(new LayerComparison());
    findings.addAll(probed.recorded(level));
    return findings;
  }

  private static QuantScheme scheme() {
    RangeEstimator minMax = new RangeEstimator.MinMax();
    return QuantScheme.parse("w8a8", false, false, Granularity.PER_TENSOR, minMax, minMax);
  }

  private static String text(double value) {
    return String.format(Locale.ROOT, value < 100 ? "%.1f" : "%.0f", value);
  }
}
