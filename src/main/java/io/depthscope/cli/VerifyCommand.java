package io.depthscope.cli;

import io.depthscope.run.BackendChoice;
import io.depthscope.verification.Findings;
import io.depthscope.verification.RegressionSuite;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The regression tests, for people who do not build. */
@Command(
    name = "verify",
    mixinStandardHelpOptions = true,
    description =
        "Check a backend on this machine against golden files of an independent implementation"
            + " and, over random networks, against plain loops in double. Exit code 0 if all"
            + " checks pass, 1 if one fails.")
final class VerifyCommand implements Callable<Integer> {
  private static final int MOST = 100_000;

  @Spec private CommandSpec spec;
  @Mixin private BackendOptions backendOptions;

  @Option(
      names = "--random",
      paramLabel = "N",
      defaultValue = "200",
      description =
          "Random layers to compare, and a random network for every ten. Default:"
              + " ${DEFAULT-VALUE}.")
  private int random;

  @Option(names = "--verbose", description = "A line for every check.")
  private boolean verbose;

  @Override
  public Integer call() throws IOException {
    backendOptions.check();
    if (random < 0 || random > MOST) {
      throw new UsageException("--random must be 0.." + MOST + ", got " + random);
    }
    PrintWriter out = spec.commandLine().getOut();
    try (BackendChoice.Opened opened = backendOptions.choice().open()) {
      out.println("verifying " + opened.backend().name() + ": " + opened.backend().description());
      RegressionSuite suite = new RegressionSuite(opened.backend());
      long start = System.nanoTime();
      Tally all = new Tally();
      all.add("golden files", suite.golden());
      all.add("kinds of layers", suite.layers());
      List<String> leftOut = suite.leftOut();
      if (!leftOut.isEmpty()) {
        out.println("not on this backend yet: " + String.join(", ", leftOut));
      }
      all.add("random networks", suite.random(RegressionSuite.Extent.ofLayers(random)));
      out.printf(
          Locale.ROOT,
          "%s: %d of %d checks passed in %.1f s%n",
          all.failed == 0 ? "PASS" : "FAIL",
          all.checks - all.failed,
          all.checks,
          (System.nanoTime() - start) / 1e9);
      return all.failed == 0 ? 0 : Main.FAILED;
    }
  }

  /** Runs checks, counts them and prints those that fail. */
  private final class Tally {
    private int checks;
    private int failed;

    void add(String what, Stream<RegressionSuite.Part> parts) {
      int checksBefore = checks;
      int failedBefore = failed;
      parts.forEach(part -> part.checks().run(this::count));
      spec.commandLine()
          .getOut()
          .printf(
              Locale.ROOT,
              "%-15s %6d checks, %d failed%n",
              what,
              checks - checksBefore,
              failed - failedBefore);
    }

    private void count(String what, Findings findings) {
      PrintWriter out = spec.commandLine().getOut();
      checks++;
      failed += findings.isEmpty() ? 0 : 1;
      if (verbose || !findings.isEmpty()) {
        out.println((findings.isEmpty() ? "ok    " : "FAIL  ") + what);
      }
      if (!findings.isEmpty()) {
        out.println("  " + findings);
      }
    }
  }
}
