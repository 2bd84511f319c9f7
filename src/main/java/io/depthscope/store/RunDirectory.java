package io.depthscope.store;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.depthscope.experiment.Calibration;
import io.depthscope.experiment.NetworkFigures;
import io.depthscope.experiment.RunResult;
import io.depthscope.experiment.RunState;
import io.depthscope.plan.ExecutionPlan;
import io.depthscope.quant.QuantScheme;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * The folder of one run. Files appear under their final names only when they are complete.
 *
 * <p>While a run goes on, the folder holds {@code quantization.json}, {@code
 * predictions.csv.partial} and, from the first checkpoint on, {@code checkpoint.bin}. A finished
 * run has {@code results.json} and no checkpoint.
 */
public final class RunDirectory implements AutoCloseable {
  public static final String RESULTS = "results.json";
  public static final String QUANTIZATION = "quantization.json";
  private static final String CHECKPOINT = "checkpoint.bin";
  private static final String PREDICTIONS = "predictions.csv";
  private static final List<String> OUTPUTS =
      List.of(
          RESULTS,
          QUANTIZATION,
          PREDICTIONS,
          "layers.csv",
          "channels.csv",
          "histograms.json",
          "manifest.json");
  private static final int FLUSH_BYTES = 1 << 16;

  private final Path directory;
  private final Map<String, String> identity;
  private final FileChannel predictions;
  private final StringBuilder pending = new StringBuilder();
  private final Optional<Checkpoint> checkpoint;

  private RunDirectory(
      Path directory,
      Map<String, String> identity,
      FileChannel predictions,
      Optional<Checkpoint> checkpoint) {
    this.directory = directory;
    this.identity = identity;
    this.predictions = predictions;
    this.checkpoint = checkpoint;
  }

  /** True if the folder holds a finished run. */
  public static boolean isComplete(Path directory) {
    return Files.exists(directory.resolve(RESULTS));
  }

  /** True if the folder holds a run that can be continued. */
  public static boolean isInterrupted(Path directory) {
    return Files.exists(directory.resolve(CHECKPOINT));
  }

  /**
   * Makes the folder ready for a new run, or for continuing one.
   *
   * @param identity settings that two parts of one run must share, by name
   * @param resume continue from the checkpoint, if there is one
   * @param overwrite delete what an earlier run left
   * @throws IOException if the folder cannot be written, holds another run, or its checkpoint was
   *     made with other settings
   */
  public static RunDirectory open(
      Path directory, Map<String, String> identity, boolean resume, boolean overwrite)
      throws IOException {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new IOException("cannot create " + directory + ": " + StoreErrors.reason(e), e);
    }
    if (overwrite) {
      deleteOutputs(directory);
    } else if (isComplete(directory)) {
      throw new IOException(
          directory + " holds a finished run; choose another --out or add --overwrite");
    } else if (isInterrupted(directory) && !resume) {
      throw new IOException(
          directory + " holds an interrupted run; add --resume to continue it or --overwrite");
    }
    Optional<Checkpoint> checkpoint = Optional.empty();
    if (isInterrupted(directory)) {
      Checkpoint c = Checkpoint.read(directory.resolve(CHECKPOINT));
      List<String> differences = c.differences(identity);
      if (!differences.isEmpty()) {
        throw new IOException(
            directory + " was begun with other settings (" + String.join("; ", differences) + ")");
      }
      checkpoint = Optional.of(c);
    }
    return new RunDirectory(
        directory, identity, openPredictions(directory, checkpoint), checkpoint);
  }

  private static void deleteOutputs(Path directory) throws IOException {
    Files.deleteIfExists(directory.resolve(CHECKPOINT));
    for (String name : OUTPUTS) {
      Files.deleteIfExists(directory.resolve(name));
    }
  }

  private static FileChannel openPredictions(Path directory, Optional<Checkpoint> checkpoint)
      throws IOException {
    Path file = directory.resolve(PREDICTIONS + ".partial");
    try {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        long keep = checkpoint.map(Checkpoint::predictionBytes).orElse(0L);
        if (channel.size() < keep) {
          throw new IOException("shorter than the checkpoint says; start anew with --overwrite");
        }
        channel.truncate(keep); // what a killed run wrote after its last checkpoint
        channel.position(keep);
        if (keep == 0) {
          channel.write(bytes(ResultsCsv.PREDICTIONS_HEADER + "\n"));
        }
        return channel;
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw new IOException("cannot write " + file + ": " + StoreErrors.reason(e), e);
    }
  }

  private static ByteBuffer bytes(CharSequence text) {
    return ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
  }

  public Path path() {
    return directory;
  }

  /** True if {@link #restore} has something to restore. */
  public boolean resumes() {
    return checkpoint.isPresent();
  }

  /** Brings a fresh state to where the interrupted run stopped. */
  public void restore(RunState state) throws IOException {
    if (checkpoint.isPresent()) {
      try {
        checkpoint.get().restore(state);
      } catch (IOException e) {
        throw new IOException(
            directory.resolve(CHECKPOINT) + ": damaged checkpoint: " + StoreErrors.reason(e), e);
      }
    }
  }

  /** The calibration of the interrupted run. */
  public Calibration readCalibration() throws IOException {
    return QuantizationJson.readCalibration(directory.resolve(QUANTIZATION));
  }

  /** Writes {@code quantization.json}. */
  public void writeQuantization(ExecutionPlan plan, QuantScheme scheme, Calibration calibration)
      throws IOException {
    AtomicFile.write(
        directory.resolve(QUANTIZATION),
        out -> QuantizationJson.write(plan, scheme, calibration, out));
  }

  /**
   * Appends to the predictions.
   *
   * @param names name of an image by its index
   * @throws UncheckedIOException if they cannot be written
   */
  public void addPrediction(NetworkFigures.Prediction p, IntFunction<String> names) {
    pending.append(ResultsCsv.prediction(p, names.apply(p.index()))).append('\n');
    if (pending.length() >= FLUSH_BYTES) {
      flushPredictions();
    }
  }

  private void flushPredictions() {
    try {
      ByteBuffer b = bytes(pending);
      while (b.hasRemaining()) {
        predictions.write(b);
      }
      pending.setLength(0);
    } catch (IOException e) {
      throw new UncheckedIOException(
          new IOException(
              "cannot write " + directory.resolve(PREDICTIONS) + ": " + StoreErrors.reason(e), e));
    }
  }

  /**
   * Writes a checkpoint; the one before stays until this one is complete.
   *
   * @throws UncheckedIOException if it cannot be written
   */
  public void checkpoint(RunState state) {
    flushPredictions();
    try {
      predictions.force(false);
      Checkpoint.write(directory.resolve(CHECKPOINT), identity, predictions.position(), state);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Writes every file of a finished run, {@code results.json} last, and deletes the checkpoint.
   *
   * @param manifest provenance; may hold maps, lists, text, numbers and booleans
   */
  public void finish(RunResult result, Map<String, Object> manifest) throws IOException {
    try {
      flushPredictions();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    predictions.force(true);
    AtomicFile.write(directory.resolve("layers.csv"), out -> ResultsCsv.writeLayers(result, out));
    AtomicFile.write(
        directory.resolve("channels.csv"), out -> ResultsCsv.writeChannels(result, out));
    AtomicFile.write(
        directory.resolve("histograms.json"), out -> ResultsJson.writeHistograms(result, out));
    ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    AtomicFile.write(
        directory.resolve("manifest.json"), out -> out.write(mapper.writeValueAsBytes(manifest)));
    Files.move(
        directory.resolve(PREDICTIONS + ".partial"),
        directory.resolve(PREDICTIONS),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
    AtomicFile.write(directory.resolve(RESULTS), out -> ResultsJson.write(result, out));
    Files.deleteIfExists(directory.resolve(CHECKPOINT));
  }

  @Override
  public void close() throws IOException {
    predictions.close();
  }
}
