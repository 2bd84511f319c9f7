package io.depthscope.backend.cpu;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The depthwise convolution of one layer on one image. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 8, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class DepthwiseBenchmark {

  /** File and layer; {@link RunBenchmarks} gives those of the shape files. */
  @Param("mobilenet_v1/conv_dw_2")
  public String layer;

  private CpuLayer compiled;
  private Depthwise kernel;
  private float[] image;
  private float[] tile;

  /** Prepares the layer and compares its whole output with the reference backend. */
  @Setup
  public void prepare() throws IOException {
    BenchLayer shape = BenchLayer.of(layer);
    compiled = shape.compile();
    kernel = new Depthwise(shape.window(), shape.in(), shape.out(), compiled.inputRow());
    image = shape.image();
    tile = new float[compiled.tileFloats()];
    List<float[]> tiles = new ArrayList<>();
    for (int p0 = 0; p0 < shape.out().positions(); p0 += compiled.tileRows()) {
      Arrays.fill(tile, Float.NaN);
      convolve(p0, Math.min(shape.out().positions(), p0 + compiled.tileRows()));
      tiles.add(tile.clone());
    }
    shape.check(compiled, tiles);
  }

  private void convolve(int p0, int p1) {
    int width = compiled.step().out().width();
    kernel.rows(image, compiled.baseline().byTap(), p0 / width, p1 / width, tile);
  }

  /** One image, tile by tile. */
  @Benchmark
  public float[] depthwise() {
    int positions = compiled.step().out().positions();
    for (int p0 = 0; p0 < positions; p0 += compiled.tileRows()) {
      convolve(p0, Math.min(positions, p0 + compiled.tileRows()));
    }
    return tile;
  }
}
