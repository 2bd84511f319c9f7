package io.depthscope.cli;

import io.depthscope.backend.BackendException;
import io.depthscope.device.DeviceException;
import io.depthscope.file.FileErrors;
import io.depthscope.record.BuildInfo;
import io.depthscope.record.RefusedOutputException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The command line. Exit codes: 0 the command did what it was asked, 1 it failed, 2 it was asked
 * wrongly, 3 a condition of compare --fail-on holds, 130 it was interrupted.
 */
@Command(
    name = "depthscope",
    description = {
      "Where and why a network loses accuracy when it is quantized.",
      "Start with 'depthscope analyze'; 'depthscope COMMAND --help' lists the options."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      AnalyzeCommand.class,
      StudyCommand.class,
      SensitivityCommand.class,
      MendCommand.class,
      CompareCommand.class,
      FindingsCommand.class,
      ReportCommand.class,
      PlotCommand.class,
      InspectCommand.class,
      RunCommand.class,
      ExportCommand.class,
      PackCommand.class,
      VerifyCommand.class,
      BenchCommand.class,
      DevicesCommand.class,
      CommandLine.HelpCommand.class
    })
public final class Main implements Callable<Integer> {
  static final int FAILED = 1;
  static final int USAGE = 2;
  static final int CONDITION = 3;
  static final int INTERRUPTED = 130;
  private static final String DEBUG = "DEPTHSCOPE_DEBUG";

  @Spec private CommandSpec spec;

  /** Reports the version the build wrote into the jar. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"depthscope " + BuildInfo.load().text()};
    }
  }

  @Override
  public Integer call() {
    return commandMissing(spec.commandLine());
  }

  /** Someone who names no command is shown which there are. */
  static int commandMissing(CommandLine command) {
    command.getErr().println("depthscope: a command is missing");
    command.usage(command.getErr());
    return USAGE;
  }

  public static void main(String[] args) {
    Locale.setDefault(Locale.ROOT); // what libraries print, too, is the same on every machine
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    System.exit(run(args, out, err));
  }

  /** Runs a command line as {@link #main} does, and returns its exit code. */
  public static int run(String[] args, PrintWriter out, PrintWriter err) {
    CommandLine line = new CommandLine(new Main());
    line.setOut(out);
    line.setErr(err);
    line.setUsageHelpAutoWidth(true);
    line.setExpandAtFiles(false); // '@' begins a name as any other character does
    Arguments.register(line);
    for (CommandLine command : line.getSubcommands().values()) {
      command.getCommandSpec().versionProvider(new Version());
    }
    line.setParameterExceptionHandler(Main::misused);
    line.setExecutionExceptionHandler(
        (e, command, result) -> {
          if (e instanceof UsageException || e instanceof RefusedOutputException) {
            return misused(command, e.getMessage());
          }
          return failed(e, err);
        });
    try {
      int code = line.execute(args);
      if (code == 0 && out.checkError()) { // a PrintWriter throws nothing
        err.println("depthscope: standard output could not be written, and is not complete");
        return FAILED;
      }
      return code;
    } catch (OutOfMemoryError e) {
      err.println(
          "depthscope: out of memory; use fewer --threads or more heap (DEPTHSCOPE_HEAP=2g)");
      return FAILED;
    } catch (Error e) {
      return failed(e, err);
    }
  }

  private static int misused(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    if (e instanceof UnmatchedArgumentException unmatched) {
      if (!command.getSubcommands().isEmpty()) {
        return misused(
            command, "there is no command '" + unmatched.getUnmatched().getFirst() + "'");
      }
      // A list of paths ends before one that can be none, and leaves it over without the reason.
      for (String argument : unmatched.getUnmatched()) {
        try {
          Arguments.path(argument);
        } catch (TypeConversionException refused) {
          return misused(command, "Invalid positional parameter: " + refused.getMessage());
        }
      }
    }
    int code = misused(command, e.getMessage());
    UnmatchedArgumentException.printSuggestions(e, command.getErr());
    return code;
  }

  private static int misused(CommandLine command, String reason) {
    PrintWriter err = command.getErr();
    err.println("depthscope: " + oneLine(reason));
    err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return USAGE;
  }

  private static int failed(Throwable e, PrintWriter err) {
    err.println("depthscope: " + message(e));
    if (System.getenv(DEBUG) != null) {
      e.printStackTrace(err);
    }
    return FAILED;
  }

  private static String message(Throwable e) {
    return switch (e) {
      case UncheckedIOException wrapped -> message(wrapped.getCause());
      case FileSystemException f when f.getFile() != null ->
          oneLine(f.getFile() + ": " + FileErrors.reason(f));
      case IOException io -> oneLine(FileErrors.reason(io));
      case InvalidPathException p -> oneLine(p.getInput() + ": " + FileErrors.reason(p));
      case BackendException failed -> oneLine(failed.getMessage());
      case DeviceException failed -> oneLine(failed.getMessage());
      case IllegalArgumentException refused when refused.getMessage() != null ->
          oneLine(refused.getMessage());
      default ->
          "internal error, please report it: "
              + oneLine(e.toString())
              + " ("
              + DEBUG
              + "=1 shows where)";
    };
  }

  /** Texts may come from files: nothing in them may break the line or drive a terminal. */
  static String oneLine(String text) {
    return text.replaceAll("[\\p{Cc}\\p{Cf}\\u2028\\u2029]+", " ");
  }
}
