package io.depthscope.contract;

import io.depthscope.backend.Backend;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.plan.Recording;
import io.depthscope.testkit.*;
import io.depthscope.verification.*;
import java.util.List;
import org.junit.jupiter.api.Test;

class CudaSmokeTest {
  @Test
  void smoke() {
    Backend cuda = GpuBackend.get();
    System.out.println(cuda.description());
    long bad = 0;
    LayerComparison comparison = new LayerComparison();
    for (long seed = 0; seed < 100; seed++) {
      PlanCase c = RandomCases.layer(seed);
      try {
        List<NodeTensors> oracle = c.probe(new ReferenceBackend());
        List<NodeTensors> got = c.probe(cuda);
        List<NodeTensors> cpu = c.probe(new CpuBackend(1));
        Findings f =
            comparison.compare(c, c.plan(Recording.PAIRED).layers().getLast(), oracle, got);
        int d = 0;
        for (int i = 0; i < got.getLast().x().length; i++)
          if (got.getLast().x()[i] != cpu.getLast().x()[i]) d++;
        if (!f.isEmpty() || d > 0) {
          System.out.println(
              seed
                  + " "
                  + c.text()
                  + " differs from cpu "
                  + d
                  + "/"
                  + got.getLast().x().length
                  + ": "
                  + f);
          bad++;
        }
        for (Recording r :
            List.of(
                Recording.PLAIN,
                Recording.CALIBRATION,
                Recording.PAIRED,
                Recording.STATISTICS,
                Recording.ERROR_TERMS)) {
          Findings g = StatisticsCheck.run(cuda, c, r, got);
          if (!g.isEmpty()) {
            System.out.println(seed + " " + r + " " + c.text() + g);
            bad++;
          }
        }
      } catch (RuntimeException e) {
        System.out.println(seed + " " + c.text() + " " + e);
        bad++;
        if (bad > 5) throw e;
      }
    }
    System.out.println("bad " + bad + " " + comparison);
  }
}
