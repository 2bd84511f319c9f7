package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.verification.RegressionSuite;
import io.depthscope.verification.RegressionSuite.Extent;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** Layers of every kind, random layers and random networks, as {@code verify} runs them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class RandomPlansContract {
  private final Extent extent;
  private final long codes;
  private final long fineCodes;
  private RegressionSuite random;

  /**
   * @param codes least number of codes of up to 8 bits that the random layers must have
   * @param fineCodes the same for wider ones
   */
  RandomPlansContract(Extent extent, long codes, long fineCodes) {
    this.extent = extent;
    this.codes = codes;
    this.fineCodes = fineCodes;
  }

  /** A new suite; aborts where there is no such backend. */
  abstract RegressionSuite suite();

  static Stream<DynamicTest> tests(Stream<RegressionSuite.Part> parts) {
    return parts.map(
        part ->
            DynamicTest.dynamicTest(
                part.name(), () -> part.checks().run((what, found) -> found.assertNone(what))));
  }

  @TestFactory
  Stream<DynamicTest> layersOfEveryKindAgreeWithTheOracle() {
    return tests(suite().layers());
  }

  @TestFactory
  Stream<DynamicTest> randomPlansAgreeAndRecordWhatTheyCompute() {
    random = suite();
    return tests(random.random(extent));
  }

  @AfterAll
  void enoughWasCompared() {
    if (random == null) {
      return; // all was skipped
    }
    String text = random.comparison().toString();
    System.out.println(getClass().getSimpleName() + ", random layers: " + text);
    assertTrue(random.comparison().compared() > codes, text);
    assertTrue(random.comparison().compared16() > fineCodes, text);
  }
}
