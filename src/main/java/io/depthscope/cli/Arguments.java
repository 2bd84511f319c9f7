package io.depthscope.cli;

import io.depthscope.dataset.Interpolation;
import io.depthscope.dataset.Preprocessing.ChannelOrder;
import io.depthscope.file.FileErrors;
import io.depthscope.graph.Clamp;
import io.depthscope.plan.Feed;
import io.depthscope.plan.QuantPolicy;
import io.depthscope.plan.Recording;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.report.figure.FigureFormat;
import io.depthscope.report.figure.FigureName;
import io.depthscope.report.figure.HeatMapMetric;
import io.depthscope.run.BackendChoice;
import io.depthscope.run.CalibrationSource;
import io.depthscope.run.ExportFormat;
import io.depthscope.run.InputRange;
import io.depthscope.run.Zoo;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * How arguments become values: no text may be empty, each was read without loss, and words are
 * those of a list, in upper or lower case.
 */
final class Arguments {
  private Arguments() {}

  /** Registers every converter for a command and its subcommands. */
  static void register(CommandLine line) {
    line.registerConverter(Path.class, Arguments::path);
    line.registerConverter(String.class, Arguments::text);
    line.registerConverter(RangeEstimator.class, Arguments::range);
    line.registerConverter(Clamp.class, word(Clamp.RECTIFIERS, Clamp::word));
    words(line, BackendChoice.Kind.class, Arguments::lowerCase);
    words(line, BackendChoice.Matmul.class, Arguments::lowerCase);
    words(line, CalibrationSource.Order.class, CalibrationSource.Order::toString);
    words(line, ChannelOrder.class, Arguments::lowerCase);
    words(line, ExportFormat.class, ExportFormat::word);
    words(line, Feed.class, Feed::toString);
    words(line, FigureFormat.class, FigureFormat::ending);
    words(line, FigureName.class, FigureName::toString);
    words(line, Granularity.class, Granularity::toString);
    words(line, HeatMapMetric.class, HeatMapMetric::toString);
    words(line, Interpolation.class, Interpolation::word);
    words(line, InputRange.class, InputRange::word);
    words(line, QuantPolicy.class, QuantPolicy::word);
    words(line, Recording.class, Recording::word);
    words(line, SchemeOptions.Tensors.class, Arguments::lowerCase);
    words(line, RunCommand.Tensors.class, Arguments::lowerCase);
    words(line, Zoo.TrainedOn.class, Arguments::lowerCase);
  }

  private static <E extends Enum<E>> void words(
      CommandLine line, Class<E> type, Function<E, String> word) {
    line.registerConverter(type, word(List.of(type.getEnumConstants()), word));
  }

  private static String lowerCase(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static <E> ITypeConverter<E> word(List<E> values, Function<E, String> word) {
    return argument -> {
      for (E value : values) {
        if (word.apply(value).equalsIgnoreCase(argument)) {
          return value;
        }
      }
      String words = values.stream().map(word).collect(Collectors.joining(", "));
      int last = words.lastIndexOf(", ");
      throw new TypeConversionException(
          "expected "
              + (last < 0 ? words : words.substring(0, last) + " or " + words.substring(last + 2))
              + " but was '"
              + argument
              + "'");
    };
  }

  private static RangeEstimator range(String argument) {
    try {
      return RangeEstimator.parse(argument);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }

  /**
   * A text; it may name a file, too.
   *
   * @throws TypeConversionException if it is empty or was not decoded, with the reason
   */
  private static String text(String argument) {
    if (argument.isEmpty()) {
      throw new TypeConversionException("the value is empty");
    }
    if (FileErrors.isUndecoded(argument) && !exists(argument)) {
      throw new TypeConversionException("'" + argument + "': " + FileErrors.undecoded());
    }
    return argument;
  }

  /**
   * The path of a file or folder. An empty one would mean the current folder.
   *
   * @throws TypeConversionException if it is empty or can be no path, with the reason
   */
  static Path path(String argument) {
    try {
      return Path.of(text(argument));
    } catch (InvalidPathException e) {
      throw new TypeConversionException("'" + argument + "': " + FileErrors.reason(e));
    }
  }

  private static boolean exists(String path) {
    try {
      return Files.exists(Path.of(path));
    } catch (InvalidPathException e) {
      return false;
    }
  }
}
