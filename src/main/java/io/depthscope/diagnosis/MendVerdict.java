package io.depthscope.diagnosis;

import io.depthscope.record.Judgement;
import io.depthscope.record.MendAccount;
import io.depthscope.remedy.Remedy;
import io.depthscope.stats.Confidence;
import io.depthscope.stats.Interval;
import java.util.List;
import java.util.Optional;

/** What came of a mending, in a sentence. */
public final class MendVerdict {
  private static final Confidence USUAL = new Confidence(0.95);

  private MendVerdict() {}

  /** What a mending is judged by: the first of these that its images tell. */
  public enum Measure {
    /** Share of images that the network is right about. */
    ACCURACY,
    /** Share of images to which it gives the class that the original gives in float32. */
    SAME_CLASS,
    /** SQNR of the outputs in dB. */
    SQNR;

    /** The figure. */
    public double of(Judgement j) {
      return switch (this) {
        case ACCURACY -> j.accuracy();
        case SAME_CLASS -> j.sameClass();
        case SQNR -> j.sqnrDb();
      };
    }
  }

  /** What a mending is judged by. */
  public static Measure measure(MendAccount account) {
    if (!Double.isNaN(account.before().accuracy())) {
      return Measure.ACCURACY;
    }
    return Double.isNaN(account.before().sameClass()) ? Measure.SQNR : Measure.SAME_CLASS;
  }

  /** The sentence, such as {@code 84.2 % in float32, 8.6 % quantized, 83.8 % mended by ...}. */
  public static String sentence(MendAccount account) {
    Measure measure = measure(account);
    String before = text(measure, measure.of(account.before()));
    String after = text(measure, measure.of(account.after()));
    List<String> kept = account.remedies();
    String by =
        kept.isEmpty()
            ? "no remedy helped"
            : after + " mended by " + listed(kept.stream().map(Remedy::words).toList());
    return switch (measure) {
      case ACCURACY ->
          Phrases.percent(account.before().fp32Accuracy())
              + " in float32, "
              + before
              + " quantized, "
              + by
              + "; "
              + lost(account);
      case SAME_CLASS ->
          before + " of the images keep their class when the network is quantized, " + by;
      case SQNR -> "SQNR of the outputs " + before + " quantized, " + by;
    };
  }

  private static String lost(MendAccount account) {
    double lost = account.after().lost(account.before().fp32Accuracy());
    if (Double.isNaN(lost)) {
      return "nothing can be lost of no accuracy";
    }
    return lost <= 0
        ? "none of the accuracy lost"
        : Phrases.percent(lost) + " of the accuracy lost";
  }

  /** What chance leaves open of the share after mending; empty where it is no share. */
  public static Optional<Interval> interval(MendAccount account) {
    Measure measure = measure(account);
    long images = account.after().images();
    if (measure == Measure.SQNR || images == 0) {
      return Optional.empty();
    }
    return Optional.of(USUAL.share(Math.round(measure.of(account.after()) * images), images));
  }

  private static String listed(List<String> words) {
    int last = words.size() - 1;
    return last == 0
        ? words.getFirst()
        : String.join(", ", words.subList(0, last)) + " and " + words.get(last);
  }

  private static String text(Measure measure, double value) {
    return measure == Measure.SQNR ? Phrases.decibel(value) : Phrases.percent(value);
  }
}
