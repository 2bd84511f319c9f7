package io.depthscope.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The command line. Exit codes: 0 the command did what it was asked, 1 it failed, 2 it was asked
 * wrongly, 130 it was interrupted.
 */
@Command(
    name = "depthscope",
    description = "Where and why a network loses accuracy when it is quantized.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      AnalyzeCommand.class,
      InspectCommand.class,
      PackCommand.class,
      BenchCommand.class,
      CommandLine.HelpCommand.class
    })
public final class Main implements Runnable {
  static final int FAILED = 1;
  static final int INTERRUPTED = 130;

  @Spec private CommandSpec spec;

  /** Reports the version the build wrote into the jar. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"depthscope " + BuildInfo.load().text()};
    }
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  public static void main(String[] args) {
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    System.exit(run(args, out, err));
  }

  /** Runs a command line as {@link #main} does, and returns its exit code. */
  public static int run(String[] args, PrintWriter out, PrintWriter err) {
    CommandLine line = new CommandLine(new Main());
    line.setOut(out);
    line.setErr(err);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setUsageHelpAutoWidth(true);
    line.setExecutionExceptionHandler(
        (e, command, result) -> {
          command.getErr().println("depthscope: " + message(e));
          if (System.getenv("DEPTHSCOPE_DEBUG") != null) {
            e.printStackTrace(command.getErr());
          }
          return FAILED;
        });
    try {
      return line.execute(args);
    } catch (OutOfMemoryError e) {
      err.println(
          "depthscope: out of memory; use fewer --threads or more heap (DEPTHSCOPE_HEAP=2g)");
      return FAILED;
    }
  }

  private static String message(Exception e) {
    boolean expected = e instanceof IOException || e instanceof IllegalArgumentException;
    String text = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    String line = text.replace('\n', ' ').replace('\r', ' ');
    return expected ? line : "internal error: " + e.getClass().getSimpleName() + ": " + line;
  }
}
