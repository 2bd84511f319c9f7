package io.depthscope.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.depthscope.graph.Sampling.Tap;
import java.util.List;
import org.junit.jupiter.api.Test;

class SamplingTest {

  @Test
  void placesOfCellsLieBetweenThoseOfTheOriginal() {
    assertEquals(
        List.of(
            new Tap(0, 1, 0),
            new Tap(0, 1, 0.25f),
            new Tap(0, 1, 0.75f),
            new Tap(1, 2, 0.25f),
            new Tap(1, 2, 0.75f),
            new Tap(2, 2, 0)),
        Sampling.halfPixel(2).taps(3, 6));
    assertEquals(
        List.of(new Tap(0, 1, 0.5f), new Tap(2, 3, 0.5f)), Sampling.halfPixel(0.5).taps(4, 2));
  }

  @Test
  void alignedCornersMeetTheEnds() {
    assertEquals(
        List.of(
            new Tap(0, 1, 0),
            new Tap(0, 1, 0.5f),
            new Tap(1, 2, 0),
            new Tap(1, 2, 0.5f),
            new Tap(2, 2, 0)),
        Sampling.alignedCorners(3, 5).taps(3, 5));
    assertEquals(List.of(new Tap(0, 1, 0)), Sampling.alignedCorners(3, 1).taps(3, 1));
  }

  @Test
  void asymmetricStepsStartAtTheFirst() {
    assertEquals(
        List.of(new Tap(0, 1, 0), new Tap(0, 1, 0.5f), new Tap(1, 1, 0), new Tap(1, 1, 0)),
        Sampling.asymmetric(2).taps(2, 4));
  }

  @Test
  void aShareThatRoundsToOneIsTheNextPlace() {
    assertEquals(List.of(new Tap(1, 2, 0)), new Sampling(1, Math.nextDown(1.0)).taps(3, 1));
  }

  @Test
  void aMeanOfFourIsRoundedOnce() {
    assertEquals(2.5f, Sampling.between(1, 2, 3, 4, 0.5f, 0.5f));
    assertEquals(3e38f, Sampling.between(3e38f, 3e38f, 3e38f, 3e38f, 0.3f, 0.7f));
    assertEquals(4, Sampling.between(1, 2, 3, 4, 1, 1));
  }

  @Test
  void whatIsNotFiniteIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> Sampling.halfPixel(0));
    assertThrows(IllegalArgumentException.class, () -> new Sampling(Double.NaN, 0));
  }
}
