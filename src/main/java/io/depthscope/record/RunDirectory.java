package io.depthscope.record;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.depthscope.file.FileErrors;
import io.depthscope.plan.Plan;
import io.depthscope.quant.QuantScheme;
import io.depthscope.stats.Prediction;
import java.io.IOException;
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
import java.util.stream.Stream;
import java.util.zip.CRC32;

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

  /** What is found in a finished run; written after it, and not needed to read it. */
  public static final String FINDINGS = "findings.json";

  /** A finished run as a page; likewise. */
  public static final String REPORT = "report.html";

  private static final String CHECKPOINT = "checkpoint.bin";
  static final String PREDICTIONS = "predictions.csv";
  private static final String PREDICTIONS_PARTIAL = PREDICTIONS + ".partial";
  private static final List<String> OUTPUTS =
      List.of(
          RESULTS,
          QUANTIZATION,
          PREDICTIONS,
          "layers.csv",
          "channels.csv",
          "histograms.json",
          "manifest.json",
          FINDINGS,
          REPORT);
  private static final int FLUSH_BYTES = 1 << 16;

  private final Path directory;
  private final Map<String, String> identity;
  private final boolean overwrite;
  private final FolderLock lock;
  private FileChannel predictions;
  private final StringBuilder pending = new StringBuilder();
  private final Optional<Checkpoint> checkpoint;

  private RunDirectory(
      Path directory,
      Map<String, String> identity,
      boolean overwrite,
      FolderLock lock,
      Optional<Checkpoint> checkpoint) {
    this.directory = directory;
    this.identity = identity;
    this.overwrite = overwrite;
    this.lock = lock;
    this.checkpoint = checkpoint;
  }

  /** True if the folder holds a finished run. */
  public static boolean isComplete(Path directory) {
    return Files.exists(directory.resolve(RESULTS));
  }

  /** True for a file of a run's record: every file of a run but its page, in a run's folder. */
  public static boolean belongsToRun(Path file) {
    Path directory = file.toAbsolutePath().normalize().getParent();
    String name = String.valueOf(file.getFileName());
    return directory != null
        && (isComplete(directory) || isInterrupted(directory))
        && !name.equals(REPORT)
        && (OUTPUTS.contains(name) || name.equals(CHECKPOINT));
  }

  /** Every file that a run in this folder may write or replace. */
  public static List<Path> files(Path directory) {
    return Stream.concat(Stream.of(CHECKPOINT), OUTPUTS.stream()).map(directory::resolve).toList();
  }

  /** True if the folder holds a run that can be continued. */
  public static boolean isInterrupted(Path directory) {
    return Files.exists(directory.resolve(CHECKPOINT));
  }

  /**
   * Refuses a folder that holds something, and no run.
   *
   * @throws RefusedOutputException if it is somebody else's
   * @throws IOException if it cannot be listed
   */
  public static void requireOurs(Path directory) throws IOException {
    OutputFolder.requireOurs(directory, RunDirectory::isRecord, RunDirectory::isLeftover);
  }

  /** True if the folder holds the record of a run, finished or not. */
  static boolean isRun(Path directory) {
    return Stream.of(QUANTIZATION, RESULTS, CHECKPOINT)
        .anyMatch(name -> isRecord(directory.resolve(name)));
  }

  private static boolean isRecord(Path file) {
    return switch (file.getFileName().toString()) {
      case QUANTIZATION, RESULTS -> OutputFolder.begins(file, "model");
      case CHECKPOINT -> Checkpoint.isOne(file);
      default -> false;
    };
  }

  /** What a run that was killed before its record was complete leaves. */
  static boolean isLeftover(Path file) {
    return file.getFileName().toString().equals(FolderLock.NAME)
        || OutputFolder.isPartial(file, files(file.resolveSibling("")));
  }

  /** True for a folder of a run that was killed before its record was complete. */
  static boolean holdsOnlyLeftovers(Path directory) {
    if (!Files.isDirectory(directory)) {
      return false;
    }
    try (Stream<Path> children = Files.list(directory)) {
      return children.allMatch(RunDirectory::isLeftover);
    } catch (IOException e) {
      return false; // what cannot be listed is not empty
    }
  }

  /**
   * Makes the folder ready for a new run, or for continuing one. What an earlier run left there
   * stays until {@link #begin}.
   *
   * @param spec what the run is; two parts of one run must share what makes up its identity
   * @param resume continue from the checkpoint, if there is one
   * @param overwrite the new run may replace an earlier one
   * @throws RefusedOutputException if the folder holds another run, or anything but a run
   * @throws IOException if the folder cannot be written, another run is writing there, or its
   *     checkpoint is damaged or was made with other settings
   */
  public static RunDirectory open(Path directory, RunSpec spec, boolean resume, boolean overwrite)
      throws IOException {
    requireOurs(directory);
    OutputFolder.create(directory);
    FolderLock lock = FolderLock.take(directory);
    try {
      if (!overwrite && isComplete(directory)) {
        throw new RefusedOutputException(
            directory + " holds a finished run; choose another --out or add --overwrite");
      } else if (!overwrite && isInterrupted(directory) && !resume) {
        throw new RefusedOutputException(
            directory + " holds an interrupted run; add --resume to continue it or --overwrite");
      }
      Map<String, String> settings = RunSetting.identity(spec);
      Optional<Checkpoint> checkpoint =
          isInterrupted(directory) && !overwrite
              ? Optional.of(checkpoint(directory, settings))
              : Optional.empty();
      RunDirectory run = new RunDirectory(directory, settings, overwrite, lock, checkpoint);
      if (checkpoint.isPresent()) {
        run.predictions = openPredictions(directory, checkpoint);
      }
      return run;
    } catch (IOException e) {
      lock.close();
      throw e;
    }
  }

  private static Checkpoint checkpoint(Path directory, Map<String, String> settings)
      throws IOException {
    Checkpoint c = Checkpoint.read(directory.resolve(CHECKPOINT));
    settings.put(QUANTIZATION, checksum(directory.resolve(QUANTIZATION)));
    c.requireSame(directory, settings);
    return c;
  }

  private static void deleteOutputs(Path directory) throws IOException {
    try {
      AtomicFile.delete(directory.resolve(CHECKPOINT));
      for (String name : OUTPUTS) {
        if (!name.equals(
            QUANTIZATION)) { // it says whose folder this is, and is replaced as a whole
          AtomicFile.delete(directory.resolve(name));
        }
      }
    } catch (IOException e) {
      throw new IOException(
          "cannot delete the earlier run in " + directory + ": " + FileErrors.reason(e), e);
    }
  }

  /** Two parts of one run must share the calibration to the last bit. */
  private static String checksum(Path file) throws IOException {
    CRC32 crc = new CRC32();
    try {
      crc.update(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new IOException(
          file + ": " + FileErrors.reason(e) + "; start anew with --overwrite", e);
    }
    return Long.toHexString(crc.getValue());
  }

  private static FileChannel openPredictions(Path directory, Optional<Checkpoint> checkpoint)
      throws IOException {
    Path file = directory.resolve(PREDICTIONS_PARTIAL);
    long keep = checkpoint.map(Checkpoint::predictionBytes).orElse(0L);
    try {
      if (keep > 0) {
        recoverPredictions(directory, keep);
      }
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        channel.truncate(keep); // what a killed run wrote after its last checkpoint
        channel.position(keep);
        if (keep == 0) {
          writeAll(channel, bytes(RunCsv.PREDICTIONS_HEADER + "\n"));
        }
        return channel;
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw StoreErrors.cannotWrite(file, e);
    }
  }

  /** A run that failed at its very end has its predictions under their final name already. */
  private static void recoverPredictions(Path directory, long keep) throws IOException {
    Path partial = directory.resolve(PREDICTIONS_PARTIAL);
    Path complete = directory.resolve(PREDICTIONS);
    if (!Files.exists(partial) && Files.exists(complete)) {
      Files.move(complete, partial, StandardCopyOption.ATOMIC_MOVE);
    }
    if (!Files.exists(partial)) {
      throw new IOException("it is gone; start anew with --overwrite");
    }
    if (Files.size(partial) < keep) {
      throw new IOException("it is shorter than the checkpoint says; start anew with --overwrite");
    }
  }

  private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
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

  /**
   * Brings a fresh state to where the interrupted run stopped.
   *
   * @return the predictions until then
   */
  public List<Prediction> restore(RunState state) throws IOException {
    if (checkpoint.isEmpty()) {
      return List.of();
    }
    try {
      checkpoint.get().restore(state);
    } catch (IOException e) {
      throw Checkpoint.damaged(directory.resolve(CHECKPOINT), e);
    }
    return RunReader.predictions(
        directory.resolve(PREDICTIONS_PARTIAL), state.images(), CHECKPOINT);
  }

  /** The calibration of the interrupted run. */
  public Calibration readCalibration() throws IOException {
    return QuantizationJson.readCalibration(directory.resolve(QUANTIZATION));
  }

  /**
   * Begins a new run: deletes what an earlier one left, if that is wanted, and writes {@code
   * quantization.json}, the first file of every run: from then on the folder is known as ours.
   */
  public void begin(Plan plan, QuantScheme scheme, Calibration calibration) throws IOException {
    if (overwrite) {
      deleteOutputs(directory);
    }
    AtomicFile.write(
        directory.resolve(QUANTIZATION),
        out -> QuantizationJson.write(plan, scheme, calibration, out));
    predictions = openPredictions(directory, Optional.empty());
    identity.put(QUANTIZATION, checksum(directory.resolve(QUANTIZATION)));
  }

  /**
   * Appends to the predictions.
   *
   * @throws IOException if they cannot be written
   */
  public void addPrediction(Prediction p) throws IOException {
    pending.append(RunCsv.prediction(p)).append('\n');
    if (pending.length() >= FLUSH_BYTES) {
      flushPredictions();
    }
  }

  private void flushPredictions() throws IOException {
    try {
      writeAll(predictions, bytes(pending));
      pending.setLength(0);
    } catch (IOException e) {
      throw cannotWritePredictions(e);
    }
  }

  private IOException cannotWritePredictions(IOException e) {
    return StoreErrors.cannotWrite(directory.resolve(PREDICTIONS_PARTIAL), e);
  }

  /**
   * Writes a checkpoint; the one before stays until this one is complete.
   *
   * @throws IOException if it cannot be written
   */
  public void checkpoint(RunState state) throws IOException {
    flushPredictions();
    forcePredictions();
    Checkpoint.write(directory.resolve(CHECKPOINT), identity, predictions.position(), state);
  }

  private void forcePredictions() throws IOException {
    try {
      predictions.force(true);
    } catch (IOException e) {
      throw cannotWritePredictions(e);
    }
  }

  /**
   * Writes every file of a finished run, {@code results.json} last, and deletes the checkpoint. Its
   * predictions are those that were added.
   */
  public void finish(Run run) throws IOException {
    flushPredictions();
    forcePredictions();
    writeTables(directory, run);
    try {
      Files.move(
          directory.resolve(PREDICTIONS_PARTIAL),
          directory.resolve(PREDICTIONS),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw StoreErrors.cannotWrite(directory.resolve(PREDICTIONS), e);
    }
    writeResults(directory, run);
    AtomicFile.delete(directory.resolve(CHECKPOINT));
  }

  /** Writes all but the predictions and the results. */
  private static void writeTables(Path directory, Run run) throws IOException {
    AtomicFile.write(directory.resolve("layers.csv"), out -> RunCsv.writeLayers(run, out));
    AtomicFile.write(directory.resolve("channels.csv"), out -> RunCsv.writeChannels(run, out));
    AtomicFile.write(
        directory.resolve("histograms.json"), out -> RunJson.writeHistograms(run, out));
    ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    AtomicFile.write(
        directory.resolve("manifest.json"),
        out -> out.write(mapper.writeValueAsBytes(run.manifest())));
  }

  private static void writeResults(Path directory, Run run) throws IOException {
    AtomicFile.write(directory.resolve(RESULTS), out -> RunJson.write(run, out));
  }

  /**
   * Writes every file that {@link RunReader} reads, for a run that is not measured here and now.
   *
   * @param directory exists
   */
  public static void write(Path directory, Run run) throws IOException {
    writeTables(directory, run);
    StringBuilder text = new StringBuilder(RunCsv.PREDICTIONS_HEADER).append('\n');
    run.predictions().forEach(p -> text.append(RunCsv.prediction(p)).append('\n'));
    AtomicFile.write(
        directory.resolve(PREDICTIONS),
        out -> out.write(text.toString().getBytes(StandardCharsets.UTF_8)));
    writeResults(directory, run);
  }

  /** The name of the run in a folder: that of the folder. */
  public static String name(Path directory) {
    Path file = directory.toAbsolutePath().normalize().getFileName();
    return file == null ? "run" : file.toString();
  }

  @Override
  public void close() throws IOException {
    try {
      if (predictions != null) {
        predictions.close();
      }
    } finally {
      lock.close();
    }
  }
}
