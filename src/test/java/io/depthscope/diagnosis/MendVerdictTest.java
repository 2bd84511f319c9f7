package io.depthscope.diagnosis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.record.Judgement;
import io.depthscope.record.MendAccount;
import io.depthscope.stats.Interval;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is said of a mending. */
class MendVerdictTest {

  private static Judgement judged(double accuracy, double sameClass) {
    return new Judgement(
        500, 18.25, 0, Double.isNaN(accuracy) ? accuracy : 0.842, accuracy, sameClass);
  }

  private static MendAccount account(Judgement before, Judgement after, String... kept) {
    List<MendAccount.Step> steps = new ArrayList<>();
    steps.add(new MendAccount.Step("ranges", 1, 1, before, false, 1, List.of()));
    for (String name : kept) {
      steps.add(new MendAccount.Step(name, 1, 1, after, true, 1, List.of()));
    }
    return new MendAccount(
        "net", "w8a8", "100 images", "the others", before, steps, List.of(), after);
  }

  @Test
  void theSentenceNamesWhatWasKept() {
    MendAccount all =
        account(
            judged(0.086, 0.1), judged(0.838, 0.9), "dead-channels", "equalize", "bias-correction");
    assertEquals(
        "84.2 % in float32, 8.6 % quantized, 83.8 % mended by repair of dead channels, equalization"
            + " and bias correction; 0.5 % of the accuracy lost",
        MendVerdict.sentence(all));
    Interval i = MendVerdict.interval(all).orElseThrow();
    assertTrue(i.low() > 0.80 && i.low() < 0.81 && i.high() > 0.86 && i.high() < 0.87, i::toString);
    assertTrue(
        MendVerdict.sentence(account(judged(0.8, 1), judged(0.8, 1)))
            .contains("no remedy helped; 5.0 %"));
    assertTrue(
        MendVerdict.sentence(account(judged(0.8, 1), judged(0.85, 1), "split"))
            .endsWith("none of the accuracy lost"));
  }

  /** Without labels classes tell, without classes the SQNR alone. */
  @Test
  void whatIsNotKnownIsNotSaid() {
    double none = Double.NaN;
    MendAccount unlabelled = account(judged(none, 0.1), judged(none, 0.975), "a-new-one");
    assertEquals(
        "10.0 % of the images keep their class when the network is quantized, 97.5 % mended by"
            + " a-new-one",
        MendVerdict.sentence(unlabelled));
    MendAccount detector = account(judged(none, none), judged(none, none), "equalize");
    assertEquals(
        "SQNR of the outputs 18.3 dB quantized, 18.3 dB mended by equalization",
        MendVerdict.sentence(detector));
    assertTrue(MendVerdict.interval(detector).isEmpty());
  }
}
