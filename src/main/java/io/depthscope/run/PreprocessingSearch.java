package io.depthscope.run;

import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.dataset.BatchLoader;
import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.ImageBatch;
import io.depthscope.dataset.Preprocessing;
import io.depthscope.dataset.Preprocessing.ChannelOrder;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.stats.PredictionSums;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Tries the usual ways to prepare images for a classifier whose file does not tell, in float32 on a
 * few labelled images: that which makes it right most often is likely the one it was trained with.
 *
 * @param subject prepared as it is stated or assumed; all but its range and its channels' order is
 *     kept
 */
public record PreprocessingSearch(Subject subject, Dataset data, Machine machine) {
  private static final int IMAGES = 64;
  private static final int COLOURS = 3;

  /**
   * A way to prepare images.
   *
   * @param options that ask for it
   * @param now true for the way that is used without them
   */
  public record Candidate(Preprocessing preprocessing, String options, boolean now) {}

  /**
   * What a candidate came to.
   *
   * @param firstClass output that stands for the first class
   * @param top1 share of the images it is right about
   * @param confidence mean of the largest softmax probability
   */
  public record Outcome(Candidate candidate, int firstClass, double top1, double confidence) {}

  /** Images it looks at. */
  public int images() {
    return Math.min(IMAGES, data.size());
  }

  /** Outputs that may stand for the first class: one may be of a background. */
  public List<Integer> firstClasses() {
    return subject.model().graph().outputShape().channels() == data.classCount() + 1
        ? List.of(0, 1)
        : List.of(subject.model().firstClass());
  }

  /**
   * Tries them all, best first; of equals the one that is surer.
   *
   * @throws InterruptedIOException if the listener stopped it
   * @throws IOException if no image can be read
   */
  public List<Outcome> run(RunListener listener) throws IOException {
    List<Candidate> candidates = candidates();
    List<Outcome> outcomes = new ArrayList<>();
    long all = (long) candidates.size() * images();
    try (RunListener.Progress progress = listener.begin("try", 0, all)) {
      for (Candidate c : candidates) {
        outcomes.addAll(outcomes(c, listener));
        progress.at((long) outcomes.size() / firstClasses().size() * images());
      }
    }
    outcomes.sort(
        (a, b) ->
            a.top1() == b.top1()
                ? Double.compare(b.confidence(), a.confidence())
                : Double.compare(b.top1(), a.top1()));
    return outcomes;
  }

  private List<Candidate> candidates() {
    Preprocessing base = subject.preprocessing();
    int channels = base.channels();
    List<Candidate> all = new ArrayList<>();
    List<ChannelOrder> orders =
        channels == 1 ? List.of(base.order()) : List.of(ChannelOrder.RGB, ChannelOrder.BGR);
    for (ChannelOrder order : orders) {
      String word = order.toString().toLowerCase(Locale.ROOT);
      String of = channels == 1 ? "" : " --channel-order " + word;
      for (InputRange range : InputRange.values()) {
        if (!range.isOfColours() || channels == COLOURS) {
          List<Double> mean = StatedImages.forAll(range.mean(order), channels);
          List<Double> std = StatedImages.forAll(range.std(order), channels);
          add(all, base, order, mean, std, "--input-range " + range.word() + of);
        }
      }
    }
    if (all.stream().noneMatch(Candidate::now)) {
      all.addFirst(new Candidate(base, "as stated", true));
    }
    return all;
  }

  private static void add(
      List<Candidate> all,
      Preprocessing base,
      ChannelOrder order,
      List<Double> mean,
      List<Double> std,
      String options) {
    Preprocessing p = base.with(base.interpolation(), order, mean, std);
    all.add(new Candidate(p, options, p.equals(base)));
  }

  /** One for each output that may stand for the first class. */
  private List<Outcome> outcomes(Candidate c, RunListener listener) throws IOException {
    Plan plan = new Subject(subject.model(), c.preprocessing()).fp32Plan(Recording.PLAIN);
    int classes = plan.outputSize();
    List<PredictionSums> sums = firstClasses().stream().map(f -> new PredictionSums()).toList();
    double confidence = 0;
    try (BatchLoader loader =
            new BatchLoader(
                data,
                c.preprocessing(),
                0,
                images(),
                machine.batch(),
                machine.threads(),
                false,
                unreadable -> {});
        Program program = machine.backend().compile(plan, machine.batch())) {
      for (ImageBatch b = loader.next(); b != null; b = loader.next()) {
        BatchOutput out = Program.await(program.submit(InputBatch.of(b)));
        float[] x = out.baseline();
        for (int i = 0; i < b.count(); i++) {
          for (int f = 0; f < sums.size(); f++) {
            int label = b.labels()[i] + firstClasses().get(f);
            sums.get(f).add(b.datasetIndices()[i], "", label, x, x, i * classes, classes);
          }
          confidence += PredictionSums.confidence(x, i * classes, classes);
        }
        if (listener.stop()) {
          throw new InterruptedIOException("interrupted while trying preprocessings");
        }
      }
    }
    if (sums.getFirst().images() == 0) {
      throw new IOException(data.description() + ": no image could be read");
    }
    List<Outcome> outcomes = new ArrayList<>();
    for (int f = 0; f < sums.size(); f++) {
      PredictionSums s = sums.get(f);
      outcomes.add(new Outcome(c, firstClasses().get(f), s.top1Fp32(), confidence / s.images()));
    }
    return outcomes;
  }
}
