package io.depthscope.testkit;

import io.depthscope.backend.Backend;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.plan.Recording;
import io.depthscope.verification.GoldenCase;
import io.depthscope.verification.LayerCase;
import io.depthscope.verification.LayerComparison;
import io.depthscope.verification.LayerFile;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.ProbedCase;
import io.depthscope.verification.RandomCases;
import io.depthscope.verification.RegressionSuite;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Runs the contract's checks on the CPU backend in a process of its own, whose vector width is set
 * by the property depthscope.cpu.vectorBits, and prints the width and a hash of all outputs and
 * statistics. Fails with the first case that is off.
 */
public final class WidthRun {
  private final Backend cpu = new CpuBackend(1);
  private final MessageDigest digest;

  private WidthRun() throws NoSuchAlgorithmException {
    digest = MessageDigest.getInstance("SHA-256");
  }

  public static void main(String[] args) throws Exception {
    WidthRun run = new WidthRun();
    run.golden();
    run.layers();
    run.networks();
    System.out.println("width " + run.cpu.description());
    System.out.println("sha256 " + HexFormat.of().formatHex(run.digest.digest()));
  }

  private void golden() throws IOException {
    new RegressionSuite(cpu)
        .golden()
        .forEach(part -> part.checks().run((what, found) -> found.assertNone(what)));
    for (String name : GoldenCase.namesFor(cpu)) {
      add(GoldenCase.read(name).planCase());
    }
  }

  private void layers() {
    LayerComparison comparison = new LayerComparison();
    List<PlanCase> cases = new ArrayList<>();
    for (LayerCase layer : LayerFile.everyKind()) {
      if (layer.runsOn(cpu)) {
        cases.add(layer.planCase(1));
      }
    }
    LongStream.range(0, 80).mapToObj(RandomCases::layer).forEach(cases::add);
    for (PlanCase c : cases) {
      ProbedCase probed = ProbedCase.of(cpu, c);
      probed.againstTheOracle(comparison).assertNone("layer");
      probed.recorded(Recording.ERROR_SOURCES).assertNone("layer");
      add(c);
    }
  }

  private void networks() {
    for (long seed = 10_000; seed < 10_008; seed++) {
      PlanCase c = RandomCases.network(seed);
      ProbedCase.of(cpu, c).recorded(Recording.STATISTICS).assertNone("network");
      add(c);
    }
  }

  private void add(PlanCase c) {
    digest.update(Digests.run(cpu, c, Recording.CALIBRATION, c.batch().count()));
    digest.update(Digests.run(cpu, c, Recording.ERROR_SOURCES, c.batch().count()));
  }
}
