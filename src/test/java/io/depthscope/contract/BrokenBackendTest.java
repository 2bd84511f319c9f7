package io.depthscope.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.depthscope.backend.Backend;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.plan.Recording;
import io.depthscope.testkit.BrokenBackend;
import io.depthscope.testkit.BrokenBackend.Fault;
import io.depthscope.verification.Findings;
import io.depthscope.verification.GoldenCase;
import io.depthscope.verification.GoldenCheck;
import io.depthscope.verification.LayerComparison;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.ProbedCase;
import io.depthscope.verification.RandomCases;
import io.depthscope.verification.StatisticsCheck;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The checks of the contract notice planted faults, and pass what is sound. */
class BrokenBackendTest {
  private static final Set<Fault> IN_OUTPUTS =
      EnumSet.of(
          Fault.LAST_CHANNEL_OFF,
          Fault.ONE_CODE_OFF,
          Fault.NAN_OUTPUT,
          Fault.STALE_OUTPUT,
          Fault.EMPTY_OUTPUT);

  @ParameterizedTest
  @EnumSource(Fault.class)
  void goldenCheckNoticesAFault(Fault fault) throws IOException {
    GoldenCase golden = GoldenCase.read("w4a8");
    for (Backend sound : new Backend[] {new ReferenceBackend(), new CpuBackend(2)}) {
      Backend broken = new BrokenBackend(sound, fault);
      GoldenCheck outputs = new GoldenCheck(golden);
      outputs.tensors(broken);
      assertEquals(
          IN_OUTPUTS.contains(fault),
          !outputs.findings().isEmpty(),
          () -> broken.description() + ": " + outputs.findings());
      GoldenCheck figures = new GoldenCheck(golden);
      figures.figures(broken);
      assertEquals(
          fault != Fault.NONE && !IN_OUTPUTS.contains(fault),
          !figures.findings().isEmpty(),
          () -> broken.description() + ": " + figures.findings());
    }
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void statisticsCheckNoticesAFault(Fault fault) {
    for (Backend sound : new Backend[] {new ReferenceBackend(), new CpuBackend(2)}) {
      PlanCase c = quantizedAtItsEnd();
      Backend broken = new BrokenBackend(sound, fault);
      Findings findings = StatisticsCheck.run(broken, c, Recording.ERROR_SOURCES, c.probe(sound));
      assertEquals(
          fault != Fault.NONE, !findings.isEmpty(), () -> broken.description() + ": " + findings);
    }
  }

  /** One code off needs an output that has codes. */
  private static PlanCase quantizedAtItsEnd() {
    return LongStream.range(10_000, 10_100)
        .mapToObj(RandomCases::network)
        .filter(c -> c.spec().output(c.graph().nodes().getLast().name()).isPresent())
        .findFirst()
        .orElseThrow();
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void layerComparisonNoticesAFaultInTheOutput(Fault fault) {
    if (!IN_OUTPUTS.contains(fault)) {
      return;
    }
    int noticed = 0;
    int cases = 0;
    for (long seed = 0; seed < 8; seed++) {
      PlanCase c = RandomCases.layer(seed);
      if (c.spec().outputs().size() < 2 || c.batch().count() < 2) {
        continue; // one code off needs codes, a stale output a second image
      }
      cases++;
      Backend broken = new BrokenBackend(new CpuBackend(1), fault);
      Findings findings = ProbedCase.of(broken, c).againstTheOracle(new LayerComparison());
      noticed += findings.isEmpty() ? 0 : 1;
    }
    assertFalse(cases < 2, "too few cases: " + cases);
    assertEquals(cases, noticed, fault::name);
  }
}
