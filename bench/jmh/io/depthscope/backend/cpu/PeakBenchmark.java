package io.depthscope.backend.cpu;

import static io.depthscope.backend.cpu.Lanes.F;
import static io.depthscope.backend.cpu.Lanes.N;

import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Fused multiply-adds on registers alone: what no matrix product can exceed. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 8, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class PeakBenchmark {
  private static final int STEPS = 20_000;

  /** More chains than the units' latency needs; with the factor they fit 16 registers. */
  private static final int CHAINS = 12;

  /** Not a constant, or the JIT might compute with it. */
  public float factor = 0.5f;

  /** Multiplications and additions of one call. */
  static long flops() {
    return 2L * STEPS * CHAINS * N;
  }

  /** Twelve independent chains. */
  @Benchmark
  public float peak() {
    FloatVector v = FloatVector.broadcast(F, factor);
    FloatVector s0 = v;
    FloatVector s1 = v.add(1);
    FloatVector s2 = v.add(2);
    FloatVector s3 = v.add(3);
    FloatVector s4 = v.add(4);
    FloatVector s5 = v.add(5);
    FloatVector s6 = v.add(6);
    FloatVector s7 = v.add(7);
    FloatVector s8 = v.add(8);
    FloatVector s9 = v.add(9);
    FloatVector s10 = v.add(10);
    FloatVector s11 = v.add(11);
    for (int k = 0; k < STEPS; k++) {
      s0 = s0.fma(v, v);
      s1 = s1.fma(v, v);
      s2 = s2.fma(v, v);
      s3 = s3.fma(v, v);
      s4 = s4.fma(v, v);
      s5 = s5.fma(v, v);
      s6 = s6.fma(v, v);
      s7 = s7.fma(v, v);
      s8 = s8.fma(v, v);
      s9 = s9.fma(v, v);
      s10 = s10.fma(v, v);
      s11 = s11.fma(v, v);
    }
    FloatVector low = s0.add(s1).add(s2).add(s3).add(s4).add(s5);
    FloatVector high = s6.add(s7).add(s8).add(s9).add(s10).add(s11);
    return low.add(high).lane(0);
  }
}
