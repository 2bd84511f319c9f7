package io.depthscope.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.graph.exchange.ModelFile;
import io.depthscope.graph.exchange.SafetensorsFile;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The trained networks inside the program. Their files are called {@code NETWORK-DATA} or {@code
 * NETWORK-DATA-seedN}, after the data set that they were trained on.
 */
public final class Zoo {
  private static final String RESOURCES = "/io/depthscope/models/";
  private static final String MANIFEST = "/io/depthscope/golden/MANIFEST.json";
  private static final Pattern FILE =
      Pattern.compile("models/(.+)-(synthetic|cifar10)(-seed[0-9]+)?\\.safetensors");

  /** What networks were trained on. */
  public enum TrainedOn {
    SYNTHETIC,
    CIFAR10,
    /** No network of the zoo. */
    NONE
  }

  /**
   * A network of the zoo.
   *
   * @param name without the data set: {@code dws-cnn}, {@code dws-cnn-seed2}
   * @param file its resource
   */
  public record Member(String name, String file) {

    /** Loads it. */
    public LoadedModel load() throws IOException {
      return Zoo.load(file, LoadOptions.NONE);
    }
  }

  private Zoo() {}

  /**
   * Networks trained on a data set, regular ones first.
   *
   * @throws IOException if this build holds no networks
   */
  public static List<Member> of(TrainedOn data) throws IOException {
    List<Member> members = new ArrayList<>();
    String word = data.name().toLowerCase(Locale.ROOT);
    try (InputStream in = Zoo.class.getResourceAsStream(MANIFEST)) {
      if (in == null) {
        throw new IOException("this build holds no networks");
      }
      for (JsonNode entry : new ObjectMapper().readTree(in).path("files")) {
        Matcher m = FILE.matcher(entry.path("path").asText());
        if (m.matches() && m.group(2).equals(word)) {
          String seed = m.group(3) == null ? "" : m.group(3);
          members.add(
              new Member(
                  m.group(1) + seed, entry.path("path").asText().substring("models/".length())));
        }
      }
    }
    members.sort(
        (a, b) ->
            a.name().startsWith("regular") == b.name().startsWith("regular")
                ? a.name().compareTo(b.name())
                : a.name().startsWith("regular") ? -1 : 1);
    return members;
  }

  /**
   * Loads a network inside the program.
   *
   * @throws IOException if this build has none of this name
   */
  public static LoadedModel load(String file, LoadOptions options) throws IOException {
    try (InputStream in = Zoo.class.getResourceAsStream(RESOURCES + file)) {
      if (in == null) {
        throw new IOException("this build holds no network " + file + "; give --model FILE");
      }
      try (SafetensorsFile embedded = SafetensorsFile.of(in.readAllBytes(), file)) {
        return ModelFile.load(embedded, options);
      }
    }
  }
}
