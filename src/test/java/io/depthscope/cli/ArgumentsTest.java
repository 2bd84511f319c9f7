package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** Words that options take. */
class ArgumentsTest {

  private record EnumOption(String command, String name, boolean ofNames) {}

  private static void collect(CommandLine line, String words, List<EnumOption> all) {
    for (OptionSpec option : line.getCommandSpec().options()) {
      Class<?>[] types = option.auxiliaryTypes();
      if (types[types.length - 1].isEnum()) {
        all.add(
            new EnumOption(
                words, option.longestName(), option.isMultiValue() && types.length == 2));
      }
    }
    line.getSubcommands().forEach((name, sub) -> collect(sub, words + " " + name, all));
  }

  @Test
  void everyEnumIsReadByItsWordsInAnyCase() {
    List<EnumOption> all = new ArrayList<>();
    collect(new CommandLine(new Main()), "", all);
    assertTrue(all.size() > 20, all::toString);
    for (EnumOption option : all) {
      List<Object> args = new ArrayList<>(List.of(option.command().trim().split(" ", -1)));
      args.add(option.name() + (option.ofNames() ? "=name=zzz" : "=zzz"));
      String said =
          CommandLineRun.of(args.toArray()).isMisuse(option.name(), "but was 'zzz'").err();
      // The parser's own converter of enums lists their constants.
      assertFalse(said.contains("one of ["), said);
    }
    CommandLineRun.of("analyze", "--granularity", "PER-CHANNEL", "--explain-memory").succeeds();
  }
}
