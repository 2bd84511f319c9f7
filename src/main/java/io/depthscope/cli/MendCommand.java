package io.depthscope.cli;

import io.depthscope.diagnosis.MendVerdict;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantScheme;
import io.depthscope.record.MendAccount;
import io.depthscope.record.MendDirectory;
import io.depthscope.remedy.MixedPrecision;
import io.depthscope.remedy.Remedy;
import io.depthscope.remedy.WidthBudget;
import io.depthscope.run.Analysis;
import io.depthscope.run.Mend;
import io.depthscope.run.Quantization;
import io.depthscope.run.Subject;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.PrintWriter;
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
import picocli.CommandLine.Spec;

/** Makes a network that quantizes. */
@Command(
    name = "mend",
    mixinStandardHelpOptions = true,
    description = {
      "Try remedies on a network that loses accuracy when it is quantized, keep those that help, and"
          + " write the mended network, how it is quantized, and the runs before and after.",
      "Remedies learn from the calibration images; the result is judged on the others."
    })
final class MendCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private MeasurementOptions measurement;

  @Option(
      names = "--steps",
      paramLabel = "R",
      split = ",",
      description =
          "Use these remedies, in this order, and keep them all: dead-channels, equalize,"
              + " absorb-bias, split, per-channel, mixed-precision, ranges, round, adaround,"
              + " bias-correction, bias-correction-analytic. Default: it finds its own.")
  private List<String> steps;

  @Option(
      names = "--mixed-precision",
      description =
          "Layers may differ in the width of their weights, chosen by measured sensitivity under"
              + " --budget. Among --steps it is called mixed-precision.")
  private boolean mixedPrecision;

  @Option(
      names = "--budget",
      paramLabel = "B",
      description =
          "With mixed precision: the most bits a weight may have in the mean over all weights, such"
              + " as 8.5bits, or a share of the scheme's, such as 60%%. Outputs are not counted.")
  private String budget;

  @Option(
      names = "--widths",
      paramLabel = "N",
      split = ",",
      defaultValue = "4,8,16",
      description =
          "With mixed precision: the widths to choose from, 2..16 bits. Default: ${DEFAULT-VALUE}.")
  private List<Integer> widths;

  @Mixin private MendTarget target;

  @Option(names = "--plan", description = "Say what each remedy is predicted to give, and end.")
  private boolean plan;

  @Option(names = "--out", paramLabel = "DIR", description = "Folder of the results.")
  private Path out;

  @Option(
      names = "--resume",
      description = "Continue the interrupted mending in --out: steps that were tried are kept.")
  private boolean resume;

  @Option(names = "--overwrite", description = "Replace the results in --out.")
  private boolean overwrite;

  @Option(names = "--quiet", description = "No progress, no tables.")
  private boolean quiet;

  @Override
  public Integer call() throws IOException {
    measurement.check();
    measurement.checkCalibration();
    Optional<MixedPrecision> mixed = mixed();
    Optional<List<Remedy>> remedies = Optional.ofNullable(steps).map(s -> remedies(s, mixed));
    double share = target.share();
    if (plan && (out != null || steps != null)) {
      throw new UsageException("--plan writes nothing and runs no steps");
    }
    if (resume && overwrite) {
      throw new UsageException("--resume and --overwrite contradict each other");
    }
    PrintWriter text = spec.commandLine().getOut();
    if (!plan) {
      if (out == null) {
        throw new UsageException("--out DIR is needed: where the mended network goes");
      }
      MendDirectory.requireOurs(out);
      OutputFile.checkApart("--out", MendDirectory.files(out), measurement.inputs());
      if (resume && MendDirectory.isComplete(out)) {
        text.println(out + " holds finished results; nothing to resume");
        return 0;
      }
    }
    Subject subject = measurement.subject();
    if (!quiet) {
      measurement.lines(subject).forEach(text::println);
    }
    try (MeasurementOptions.Opened opened =
        measurement.open(subject, Feed.ACCUMULATED, Recording.STATISTICS)) {
      Analysis of = opened.analysis();
      if (!(of.method().quantization() instanceof Quantization.ByScheme)) {
        throw new UsageException(
            "the network is quantized by a file; --scheme says what it is to be mended for");
      }
      mixed.ifPresent(m -> check(m, of.method().quantization().scheme()));
      Mend mend = new Mend(of, remedies, mixed.stream().<Remedy>map(m -> m).toList(), share);
      mend.memory().check();
      mend.checkDevice();
      return run(mend);
    }
  }

  /** Mixed precision as it is asked for; empty if it is not. */
  private Optional<MixedPrecision> mixed() {
    boolean step = steps != null && steps.stream().anyMatch(MendCommand::isMixed);
    if (steps != null && mixedPrecision && !step) {
      throw new UsageException("--mixed-precision: name it among --steps, too");
    }
    boolean asked = step || mixedPrecision;
    if (asked != (budget != null)) {
      throw new UsageException(
          asked
              ? "--mixed-precision needs a --budget, such as 8.5bits"
              : "--budget goes with --mixed-precision");
    }
    if (!asked) {
      if (spec.commandLine().getParseResult().hasMatchedOption("--widths")) {
        throw new UsageException("--widths goes with --mixed-precision");
      }
      return Optional.empty();
    }
    for (int width : widths) {
      if (width < QuantFormat.MIN_BITS || width > QuantFormat.MAX_BITS) {
        throw new UsageException(
            "--widths must be "
                + QuantFormat.MIN_BITS
                + ".."
                + QuantFormat.MAX_BITS
                + " bits, got "
                + width);
      }
    }
    try {
      return Optional.of(new MixedPrecision(WidthBudget.parse(budget), widths, correctsBiases()));
    } catch (IllegalArgumentException e) {
      throw new UsageException("--budget: " + e.getMessage());
    }
  }

  private static boolean isMixed(String step) {
    return step.strip().equals(MixedPrecision.NAME);
  }

  /** Whether biases are going to be corrected; where it finds its own way they are. */
  private boolean correctsBiases() {
    return steps == null
        || steps.stream()
            .filter(s -> !isMixed(s))
            .map(MendCommand::named)
            .anyMatch(r -> r.stage().compareTo(Remedy.Stage.ROUNDING) >= 0);
  }

  private static void check(MixedPrecision mixed, QuantScheme scheme) {
    try {
      mixed.check(scheme);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--mixed-precision: " + e.getMessage());
    }
  }

  private static Remedy named(String name) {
    try {
      return Remedy.named(name.strip());
    } catch (IllegalArgumentException e) {
      throw new UsageException("--steps: " + e.getMessage() + ", " + MixedPrecision.NAME);
    }
  }

  private static List<Remedy> remedies(List<String> names, Optional<MixedPrecision> mixed) {
    List<Remedy> all = new ArrayList<>();
    for (String name : names) {
      all.add(isMixed(name) ? mixed.orElseThrow() : named(name));
    }
    for (int i = 1; i < all.size(); i++) {
      Remedy before = all.get(i - 1);
      Remedy next = all.get(i);
      if (next.stage().compareTo(before.stage()) < 0) {
        throw new UsageException(
            "--steps: "
                + next.name()
                + " must come before "
                + before.name()
                + ", which it would undo");
      }
    }
    return all;
  }

  private int run(Mend mend) throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    PrintWriter text = spec.commandLine().getOut();
    try (Interruption interruption = Interruption.install(err)) {
      Terminal terminal = new Terminal(err, quiet, interruption::requested);
      if (plan) {
        MendText.print(mend.plan(terminal), text);
        return 0;
      }
      Optional<MendAccount> result = mend.run(out, resume, overwrite, terminal);
      if (result.isEmpty()) {
        return interrupted(err);
      }
      if (!quiet) {
        MendText.print(result.get(), text);
        text.println();
        text.println(MendVerdict.sentence(result.get()));
        text.println();
      }
      Stream.of(MendDirectory.NETWORK, MendDirectory.QUANTIZATION, MendDirectory.ACCOUNT)
          .forEach(name -> text.println("written: " + out.resolve(name)));
      report(text, err);
      text.println(
          "compare: depthscope compare "
              + out.resolve(MendDirectory.BEFORE)
              + " "
              + out.resolve(MendDirectory.AFTER));
      return 0;
    } catch (InterruptedIOException e) {
      return interrupted(err);
    }
  }

  /** The results are complete without their page: what prevents it is said and no more. */
  private void report(PrintWriter text, PrintWriter err) {
    Path page = out.resolve(MendDirectory.REPORT);
    try {
      ReportFile.writeMended(out, page);
      text.println("report: " + page);
    } catch (IOException e) {
      err.println(
          "depthscope: no report: "
              + Main.oneLine(e.getMessage())
              + "; the results are complete, depthscope report "
              + out
              + " tries again");
    }
  }

  private int interrupted(PrintWriter err) {
    err.println(
        plan
            ? "depthscope: interrupted"
            : "depthscope: interrupted; repeat the command with --out "
                + out
                + " --resume to continue");
    return Main.INTERRUPTED;
  }
}
