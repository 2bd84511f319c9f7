package io.depthscope.diagnosis;

import io.depthscope.record.Run;
import io.depthscope.stats.Prediction;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What became of the images that both runs have seen, by their name. An image is flipped in a run
 * if quantization changed its class there. Of networks without classes only the images are counted.
 *
 * @param images in both runs
 * @param flippedInA flipped in A alone
 * @param flippedInB flipped in B alone
 * @param flippedInBoth flipped in both
 * @param rightInA right when quantized in A and wrong in B
 * @param rightInB the other way round
 * @param keptInB examples of those flipped in A alone, those float32 was surest of first
 * @param keptInA the other way round
 */
public record PredictionChange(
    int images,
    int flippedInA,
    int flippedInB,
    int flippedInBoth,
    int rightInA,
    int rightInB,
    List<Prediction> keptInB,
    List<Prediction> keptInA) {
  private static final int EXAMPLES = 3;

  static PredictionChange between(Run a, Run b) {
    Map<String, Prediction> inB = new HashMap<>();
    for (Prediction p : b.predictions()) {
      inB.put(p.image(), p);
    }
    boolean classes = a.isClassifier() && b.isClassifier();
    List<Prediction> onlyA = new ArrayList<>();
    List<Prediction> onlyB = new ArrayList<>();
    int images = 0;
    int both = 0;
    int rightInA = 0;
    int rightInB = 0;
    for (Prediction p : a.predictions()) {
      Prediction q = inB.get(p.image());
      if (q == null) {
        continue;
      }
      images++;
      if (!classes) {
        continue;
      }
      both += p.flipped() && q.flipped() ? 1 : 0;
      if (p.flipped() && !q.flipped()) {
        onlyA.add(p);
      } else if (!p.flipped() && q.flipped()) {
        onlyB.add(q);
      }
      boolean right = p.rightQuantized();
      boolean rightAfter = q.rightQuantized();
      rightInA += right && !rightAfter ? 1 : 0;
      rightInB += !right && rightAfter ? 1 : 0;
    }
    return new PredictionChange(
        images, onlyA.size(), onlyB.size(), both, rightInA, rightInB, surest(onlyA), surest(onlyB));
  }

  private static List<Prediction> surest(List<Prediction> all) {
    return all.stream()
        .sorted(
            Comparator.comparingDouble(Prediction::margin)
                .reversed()
                .thenComparingInt(Prediction::index))
        .limit(EXAMPLES)
        .toList();
  }

  /** True if every image fares alike. */
  public boolean isEmpty() {
    return flippedInA + flippedInB + rightInA + rightInB == 0;
  }
}
