package io.depthscope.file;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.Locale;

/** Says in words why a text is no JSON. */
public final class JsonErrors {
  private static final String OWN_SETTINGS =
      ", from `[^`]*`|: expected close marker.*\\[Source: .*\\]\\)";

  private JsonErrors() {}

  /** Where it ceases to be JSON, and why, without what the parser says of its own settings. */
  public static String reason(JsonProcessingException e) {
    JsonLocation at = e.getLocation();
    String where =
        at == null
            ? ""
            : String.format(Locale.ROOT, " (line %d, column %d)", at.getLineNr(), at.getColumnNr());
    return "not JSON" + where + ": " + e.getOriginalMessage().replaceAll(OWN_SETTINGS, "");
  }
}
