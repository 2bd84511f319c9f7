package io.depthscope.cli;

import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Names of folders for results that were given none. */
final class TimedFolder {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

  private TimedFolder() {}

  /** PARENT/NAME-TIME, with the local time to the second. */
  static Path below(Path parent, String name) {
    return parent.resolve(name + "-" + LocalDateTime.now(ZoneId.systemDefault()).format(TIME));
  }
}
