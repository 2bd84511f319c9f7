package io.depthscope.run;

import io.depthscope.backend.BatchOutput;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.record.Judgement;
import io.depthscope.remedy.CalibrationImages;
import io.depthscope.remedy.Mending;
import io.depthscope.stats.ErrorSums;
import io.depthscope.stats.PredictionSums;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Images, and what the original network says of them. */
final class Judge {
  private final CalibrationImages images;
  private final List<int[]> labels;
  private final boolean classes;
  private final List<float[]> originals = new ArrayList<>();

  /**
   * @param labels the output that is right for each image of each batch; below 0 unknown
   * @param classes whether outputs are logits
   */
  Judge(Mending original, CalibrationImages images, List<int[]> labels, boolean classes)
      throws IOException {
    this.images = images;
    this.labels = labels;
    this.classes = classes;
    Plan plan = Plan.fp32(original.network(), images.table(), Recording.PLAIN);
    images.outputs(plan).forEach(out -> originals.add(out.baseline()));
  }

  Judgement of(Mending mending) throws IOException {
    Plan plan =
        Plan.of(
            mending.network(), images.table(), mending.spec(), Feed.ACCUMULATED, Recording.PAIRED);
    Sums sums = new Sums();
    List<BatchOutput> outputs = images.outputs(plan);
    for (int b = 0; b < outputs.size(); b++) {
      sums.add(outputs.get(b), originals.get(b), labels.get(b), classes);
    }
    return sums.judgement(classes);
  }

  private static final class Sums {
    private double signal;
    private double error;
    private double least = Double.POSITIVE_INFINITY;
    private double most = Double.NEGATIVE_INFINITY;
    private double change;
    private long images;
    private long labelled;
    private long right;
    private long rightQuantized;
    private long same;

    void add(BatchOutput out, float[] original, int[] labels, boolean classes) {
      int n = original.length / out.count();
      for (int i = 0; i < original.length; i++) {
        double e = (double) out.candidate()[i] - original[i];
        signal += (double) original[i] * original[i];
        error += e * e;
        least = Math.min(least, original[i]);
        most = Math.max(most, original[i]);
        change = Math.max(change, Math.abs((double) out.baseline()[i] - original[i]));
      }
      for (int image = 0; image < out.count(); image++) {
        images++;
        if (!classes) {
          continue;
        }
        int best = PredictionSums.predicted(out.baseline(), image * n, n);
        int quantized = PredictionSums.predicted(out.candidate(), image * n, n);
        int first = PredictionSums.predicted(original, image * n, n);
        same += first >= 0 && first == quantized ? 1 : 0;
        if (labels[image] >= 0) {
          labelled++;
          right += best == labels[image] ? 1 : 0;
          rightQuantized += quantized == labels[image] ? 1 : 0;
        }
      }
    }

    Judgement judgement(boolean classes) {
      return new Judgement(
          images,
          ErrorSums.sqnrDb(signal, error),
          most > least ? change / (most - least) : change,
          labelled == 0 ? Double.NaN : (double) right / labelled,
          labelled == 0 ? Double.NaN : (double) rightQuantized / labelled,
          classes ? (double) same / images : Double.NaN);
    }
  }
}
