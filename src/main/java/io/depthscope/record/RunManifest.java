package io.depthscope.record;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Where numbers come from: the machine, the program, the inputs and the settings. */
public final class RunManifest {
  private static final String SECONDS_CALIBRATING = "secondsCalibrating";
  private static final String SECONDS_RUNNING = "secondsRunning";

  private final Map<String, Object> entries = new LinkedHashMap<>();

  private RunManifest() {}

  /** A manifest of the machine and the virtual machine this runs on. */
  public static RunManifest ofMachine() {
    RunManifest m = new RunManifest();
    m.with("java", System.getProperty("java.vm.name") + " " + Runtime.version());
    m.with("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    m.with("architecture", System.getProperty("os.arch"));
    m.with("processors", Runtime.getRuntime().availableProcessors());
    return m;
  }

  /** A manifest of this machine and of all settings of a run. */
  public static RunManifest of(RunSpec spec) {
    RunManifest m = ofMachine();
    m.entries.putAll(RunSetting.manifest(spec));
    return m;
  }

  /** Adds a setting under its key. */
  public RunManifest with(RunSetting setting, Object value) {
    return with(setting.key(), value);
  }

  /** Adds an entry; keys keep the order in which they come. */
  public RunManifest with(String key, Object value) {
    entries.put(key, value);
    return this;
  }

  /**
   * Adds the times.
   *
   * @param measured when the paired run began, after the calibration
   * @param images images run since then
   */
  public RunManifest withTimes(Instant started, Instant measured, Instant finished, long images) {
    double seconds = Duration.between(measured, finished).toNanos() / 1e9;
    with("started", started.toString());
    with("finished", finished.toString());
    with(SECONDS_CALIBRATING, Duration.between(started, measured).toNanos() / 1e9);
    with(SECONDS_RUNNING, seconds);
    with("imagesPerSecond", images / seconds);
    return this;
  }

  /** What a finished run took, calibration included; NaN if its manifest does not say so. */
  public static double seconds(Run run) {
    double sum = 0;
    for (String key : List.of(SECONDS_CALIBRATING, SECONDS_RUNNING)) {
      sum += run.manifest().get(key) instanceof Number n ? n.doubleValue() : Double.NaN;
    }
    return sum;
  }

  public Map<String, Object> entries() {
    return Collections.unmodifiableMap(entries);
  }
}
