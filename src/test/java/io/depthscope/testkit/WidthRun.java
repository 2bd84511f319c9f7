package io.depthscope.testkit;

import io.depthscope.backend.Backend;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.plan.LayerPlan;
import io.depthscope.plan.Recording;
import io.depthscope.verification.GoldenCase;
import io.depthscope.verification.GoldenCheck;
import io.depthscope.verification.LayerComparison;
import io.depthscope.verification.NodeTensors;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.RandomCases;
import io.depthscope.verification.StatisticsCheck;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

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
    for (String name : GoldenCase.namesFor(cpu)) {
      GoldenCheck check = new GoldenCheck(GoldenCase.read(name));
      check.tensors(cpu);
      check.figures(cpu);
      check.findings().assertNone(name);
      add(GoldenCase.read(name).planCase());
    }
  }

  private void layers() {
    LayerComparison comparison = new LayerComparison();
    for (long seed = 0; seed < 80; seed++) {
      PlanCase c = RandomCases.layer(seed);
      LayerPlan last = c.plan(Recording.PAIRED).layers().getLast();
      List<NodeTensors> got = c.probe(cpu);
      comparison.compare(c, last, c.probe(new ReferenceBackend()), got).assertNone(c.text());
      StatisticsCheck.run(cpu, c, Recording.ERROR_TERMS, got).assertNone(c.text());
      add(c);
    }
  }

  private void networks() {
    for (long seed = 10_000; seed < 10_008; seed++) {
      PlanCase c = RandomCases.network(seed);
      StatisticsCheck.run(cpu, c, Recording.STATISTICS, c.probe(cpu)).assertNone(c.text());
      add(c);
    }
  }

  private void add(PlanCase c) {
    digest.update(Digests.run(cpu, c, Recording.CALIBRATION, c.batch().count()));
    digest.update(Digests.run(cpu, c, Recording.ERROR_TERMS, c.batch().count()));
  }
}
