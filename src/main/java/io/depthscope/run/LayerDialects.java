package io.depthscope.run;

import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.dataset.BatchLoader;
import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.ImageBatch;
import io.depthscope.dataset.UnreadableImage;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantSpec;
import io.depthscope.record.AtomicFile;
import io.depthscope.record.CsvText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Figures of layers that other tools average over images, each image by itself; a run's record has
 * sums over all images alone. Of an error e = xq - x of the outputs that are quantized:
 *
 * <pre>
 * PPQ      snr                 mean over images of sum(e^2) / (sum(x^2) + 1e-7)
 * TFLite   stddev              mean over images of the standard deviation of e
 *          mean_error          mean over images of the mean of e
 *          max_abs_error       mean over images of the largest |e|
 *          mean_squared_error  mean over images of the mean of e^2
 * </pre>
 *
 * <p>A mean of TFLite's leaves out images where it is NaN.
 */
public record LayerDialects(
    Subject subject, QuantSpec spec, TestImages<Dataset> images, Machine machine) {
  private static final double PPQ_EPSILON = 1e-7;
  private static final String PPQ_HEADER = "operation,snr";
  private static final String TFLITE_HEADER =
      "op_name,tensor_idx,num_elements,stddev,mean_error,max_abs_error,mean_squared_error,scale,"
          + "zero_point,tensor_name";

  /** Means over images; those that are NaN are left out of all but the first. */
  private static final class Figures {
    private final Mean snr = new Mean(false);
    private final Mean deviation = new Mean(true);
    private final Mean error = new Mean(true);
    private final Mean largest = new Mean(true);
    private final Mean square = new Mean(true);

    void add(float[] x, float[] xq, int from, int to) {
      double sum = 0;
      double squares = 0;
      double signal = 0;
      double most = 0;
      for (int i = from; i < to; i++) {
        double e = (double) xq[i] - x[i];
        sum += e;
        squares += e * e;
        signal += (double) x[i] * x[i];
        most = Math.max(most, Math.abs(e));
      }
      int n = to - from;
      double mean = sum / n;
      double spread = 0;
      for (int i = from; i < to; i++) {
        double off = (double) xq[i] - x[i] - mean;
        spread += off * off;
      }
      snr.add(squares / (signal + PPQ_EPSILON));
      deviation.add(Math.sqrt(spread / n));
      error.add(mean);
      largest.add(most);
      square.add(squares / n);
    }
  }

  private static final class Mean {
    private final boolean leavesNanOut;
    private double sum;
    private long count;

    Mean(boolean leavesNanOut) {
      this.leavesNanOut = leavesNanOut;
    }

    void add(double value) {
      if (!leavesNanOut || !Double.isNaN(value)) {
        sum += value;
        count++;
      }
    }

    double value() {
      return sum / count;
    }
  }

  /**
   * Runs both networks on the images and writes the table of a dialect.
   *
   * @throws IOException if an image cannot be read and that ends a run, or none can, or the file
   *     cannot be written
   */
  public void write(
      ExportFormat format, Path target, Consumer<UnreadableImage> skipped, RunListener listener)
      throws IOException {
    Graph graph = subject.model().graph();
    int n = graph.size();
    List<Figures> figures = new ArrayList<>();
    IntStream.range(0, n).forEach(i -> figures.add(new Figures()));
    long read = measure(figures, skipped, listener);
    if (read == 0) {
      throw new IOException(images.data().description() + ": no image could be read");
    }
    StringBuilder csv = new StringBuilder();
    csv.append(format == ExportFormat.PPQ ? PPQ_HEADER : TFLITE_HEADER).append('\n');
    for (int i = 0; i < n; i++) {
      Optional<QuantParams> params = spec.output(graph.node(i).name());
      if (params.isPresent() && i > 0) {
        row(format, csv, graph, i, figures.get(i), params.get());
      }
    }
    AtomicFile.write(target, out -> out.write(csv.toString().getBytes(StandardCharsets.UTF_8)));
  }

  private static void row(
      ExportFormat format,
      StringBuilder csv,
      Graph graph,
      int node,
      Figures f,
      QuantParams params) {
    String name = CsvText.quoted(graph.node(node).name());
    if (format == ExportFormat.PPQ) {
      csv.append(name).append(',').append(f.snr.value()).append('\n');
      return;
    }
    csv.append(graph.word(node)).append(',').append(node);
    csv.append(',').append((double) graph.shape(node).size());
    for (Mean m : List.of(f.deviation, f.error, f.largest, f.square)) {
      csv.append(',').append(m.value());
    }
    csv.append(',').append(params.scale()).append(',').append(params.zeroPoint());
    csv.append(',').append(name).append('\n');
  }

  /** Number of images that were read. */
  private long measure(
      List<Figures> figures, Consumer<UnreadableImage> skipped, RunListener listener)
      throws IOException {
    Network network = subject.model().network();
    Graph graph = network.graph();
    Network all = network.handingOutAll();
    Plan plan =
        Plan.of(
            all,
            subject.preprocessing().normalizationTable(),
            spec,
            Feed.ACCUMULATED,
            Recording.PAIRED);
    long read = 0;
    // All outputs of all layers of an image are handed out: one image at a time is enough.
    try (RunListener.Progress progress = listener.begin("measure", 0, images.count());
        BatchLoader loader =
            new BatchLoader(
                images.data(),
                subject.preprocessing(),
                0,
                images.count(),
                1,
                machine.threads(),
                images.strict(),
                skipped);
        Program program = machine.backend().compile(plan, 1)) {
      for (ImageBatch b = loader.next(); b != null; b = loader.next()) {
        BatchOutput out = Program.await(program.submit(InputBatch.of(b)));
        int at = 0;
        for (int i = 0; i < graph.size(); i++) {
          int end = at + graph.shape(i).size();
          figures.get(i).add(out.baseline(), out.candidate(), at, end);
          at = end;
        }
        progress.at(++read);
      }
    }
    return read;
  }
}
