package io.depthscope.record;

import io.depthscope.dataset.Preprocessing;
import io.depthscope.plan.Feed;
import io.depthscope.plan.QuantPolicy;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantScheme;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All that the numbers of a run depend on, and under which circumstances they were made. What files
 * and people call each part stands in {@link RunSetting#ALL}.
 *
 * @param build the program
 * @param images what it was run on
 * @param preprocessing empty where inputs are used as they are
 * @param policy which outputs the scheme quantizes
 */
public record RunSpec(
    BuildInfo build,
    Network network,
    Images images,
    Optional<Preprocessing> preprocessing,
    QuantScheme scheme,
    QuantPolicy policy,
    Feed feed,
    Recording recording,
    Ranges ranges,
    Engine engine,
    Circumstances circumstances) {

  /** What is done to an input that is no image. */
  static final String AS_IT_IS = "none";

  /**
   * The network.
   *
   * @param name of its architecture
   * @param naming the dialect of its file
   * @param weightsSha256 of the file's bytes, lower-case hexadecimal
   * @param configuration everything that fixes it beside its weights, as one line
   * @param settings what of that the file did not tell by itself, a line each
   * @param remedies names of those that were used on it, in their order
   */
  public record Network(
      String name,
      String family,
      String naming,
      String file,
      String weightsSha256,
      String configuration,
      List<String> settings,
      List<String> remedies) {
    public Network {
      settings = List.copyOf(settings);
      remedies = List.copyOf(remedies);
    }
  }

  /**
   * The images, wherever a copy of them lies.
   *
   * @param count how many are to be run, from the first on; those that cannot be read included
   * @param labelled whether it counts what they show
   * @param leftOut what lies beside them and is none
   */
  public record Images(
      String description, String fingerprint, int count, boolean labelled, List<String> leftOut) {
    public Images {
      leftOut = List.copyOf(leftOut);
    }
  }

  /**
   * Where the ranges come from.
   *
   * @param asked what was asked for: the number and the name of images, or a file
   * @param written fingerprint of the parameters, where they stand in a file as they are used;
   *     empty where the scheme makes them
   * @param seen what they were really taken from; empty before the calibration
   */
  public record Ranges(String asked, Optional<String> written, Optional<Seen> seen) {

    /**
     * What a calibration saw.
     *
     * @param source description of the images
     */
    public record Seen(String source, long images) {}
  }

  /**
   * The backend.
   *
   * @param numerics what the last bits of its results depend on
   * @param description what it runs on
   * @param choice why it is this one
   */
  public record Engine(String name, String numerics, String description, String choice) {}

  /**
   * What no number depends on.
   *
   * @param strict an unreadable image ends the run
   * @param seed of synthetic images; it is in their fingerprint, too
   * @param memoryCeilingBytes what the process cannot exceed
   */
  public record Circumstances(
      int threads, int batch, boolean strict, long seed, long memoryCeilingBytes) {}

  /** The same when the calibration is known. */
  public RunSpec withRanges(String source, long seen) {
    return new RunSpec(
        build,
        network,
        images,
        preprocessing,
        scheme,
        policy,
        feed,
        recording,
        new Ranges(ranges.asked(), ranges.written(), Optional.of(new Ranges.Seen(source, seen))),
        engine,
        circumstances);
  }

  /** What a calibration depends on beside its images, by its name in {@code quantization.json}. */
  public Map<String, String> calibrationInputs() {
    return Map.of(
        "weights",
        network.weightsSha256(),
        "network",
        network.configuration(),
        "preprocessing",
        preprocessing
            .map(p -> p.geometryText() + ", mean " + p.mean() + ", std " + p.std())
            .orElse(AS_IT_IS));
  }
}
