package io.depthscope.cli;

import io.depthscope.run.BackendChoice;
import io.depthscope.verification.RegressionSuite;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
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
      RegressionSuite suite =
          new RegressionSuite(
              opened.backend(),
              (what, findings) -> {
                if (verbose || !findings.isEmpty()) {
                  out.println((findings.isEmpty() ? "ok    " : "FAIL  ") + what);
                }
                if (!findings.isEmpty()) {
                  out.println("  " + findings);
                }
              });
      long start = System.nanoTime();
      suite.golden();
      int golden = suite.checks();
      out.printf(Locale.ROOT, "golden files    %6d checks, %d failed%n", golden, suite.failed());
      int failed = suite.failed();
      suite.random(random);
      out.printf(
          Locale.ROOT,
          "random networks %6d checks, %d failed%n",
          suite.checks() - golden,
          suite.failed() - failed);
      out.printf(
          Locale.ROOT,
          "%s: %d of %d checks passed in %.1f s%n",
          suite.failed() == 0 ? "PASS" : "FAIL",
          suite.checks() - suite.failed(),
          suite.checks(),
          (System.nanoTime() - start) / 1e9);
      return suite.failed() == 0 ? 0 : Main.FAILED;
    }
  }
}
