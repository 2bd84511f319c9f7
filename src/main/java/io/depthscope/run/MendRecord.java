package io.depthscope.run;

import io.depthscope.file.Sha256;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.plan.Plan;
import io.depthscope.quant.QuantSpec;
import io.depthscope.record.AtomicFile;
import io.depthscope.record.Calibration;
import io.depthscope.record.MendAccount;
import io.depthscope.record.MendDirectory;
import io.depthscope.record.MendState;
import io.depthscope.record.QuantizationJson;
import io.depthscope.remedy.Mending;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Keeps the best network so far in the folder of a mending, and with it what was tried.
 *
 * @param calibration images that remedies learn from
 */
record MendRecord(MendDirectory directory, MendState state, Analysis of, int calibration)
    implements MendLadder.Keeper {

  @Override
  public List<MendAccount.Step> done() {
    return state.steps();
  }

  @Override
  public void tried(MendAccount.Step step, List<String> recipe, Mending made) throws IOException {
    state.add(step);
    if (step.kept()) {
      write(made, recipe);
      state.keep(new MendState.Kept(recipe, Sha256.of(network()), made.spec().fingerprint()));
    }
    directory.checkpoint(state);
  }

  @Override
  public Optional<Mending> fitted(List<String> recipe, Mending before) throws IOException {
    Optional<MendState.Kept> kept = state.kept().filter(k -> k.recipe().equals(recipe));
    // A process that was killed between writing the network and the checkpoint leaves another one.
    if (kept.isEmpty()
        || !Files.exists(network())
        || !Files.exists(quantization())
        || !Sha256.of(network()).equals(kept.get().networkSha256())) {
      return Optional.empty();
    }
    Subject read = read();
    QuantSpec spec = QuantizationJson.read(quantization()).spec(read.model().network());
    return spec.fingerprint().equals(kept.get().quantization())
        ? Optional.of(before.with(read.model().network(), spec))
        : Optional.empty();
  }

  /**
   * Writes the network and how it is quantized, and reads the network back.
   *
   * @param remedies names of those that made it
   */
  Subject write(Mending mended, List<String> remedies) throws IOException {
    Export.wholeNetwork(
        of.subject(), StatedImages.NOTHING, mended.network(), mended.spec(), remedies, network());
    Subject read = read();
    Analysis again = new Analysis(read, of.images(), of.method(), of.ranges(), of.machine());
    Calibration seen =
        new Calibration(
            calibration,
            of.ranges().text(),
            again.spec().calibrationInputs(),
            mended.seen().tensors());
    Plan plan = read.plan(mended.spec(), of.method().feed(), of.method().recording());
    AtomicFile.write(
        quantization(), out -> QuantizationJson.write(plan, mended.scheme(), seen, out));
    return read;
  }

  private Subject read() throws IOException {
    return new Subject(ModelReader.load(network(), LoadOptions.NONE), of.subject().images());
  }

  private Path network() {
    return directory.path().resolve(MendDirectory.NETWORK);
  }

  /** How it is quantized. */
  Path quantization() {
    return directory.path().resolve(MendDirectory.QUANTIZATION);
  }
}
