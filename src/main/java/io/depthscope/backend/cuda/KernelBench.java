package io.depthscope.backend.cuda;

import io.depthscope.device.Device;
import io.depthscope.device.DeviceArena;
import io.depthscope.device.DeviceBuffer;
import io.depthscope.device.DeviceEvent;
import io.depthscope.device.DeviceStream;
import io.depthscope.device.KernelLaunch;
import io.depthscope.device.KernelResources;
import io.depthscope.graph.Op;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Step;
import io.depthscope.stats.BitHistogram;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;

/**
 * Times single kernels on a device: events around each launch, several input sets in turn so that
 * none stays in a cache, median and spread. Checking that a kernel is right comes before and is
 * somebody else's; see {@link CudaOptions#variant}.
 */
public final class KernelBench {
  private static final int WARM_UP = 3;

  /**
   * Shorter launches are timed several in a row, so that what the host takes to start one hides.
   */
  private static final double SHORT_MICROS = 500;

  private static final int TOGETHER = 10;

  /** Input sets together hold at least this many bytes: more than any cache. */
  private static final long MORE_THAN_CACHED = 256L << 20;

  private static final int MOST_SETS = 8;

  private final Device device;
  private final int batch;
  private final int repeats;

  /**
   * One kernel on one layer.
   *
   * @param micros median time of a launch
   * @param lowest shortest time
   * @param highest longest time
   * @param bytes read and written if everything is moved once
   * @param operations multiplications and additions of all products
   * @param registers per thread
   */
  public record Timing(
      String kernel,
      double micros,
      double lowest,
      double highest,
      long bytes,
      long operations,
      int registers) {

    /** Gigabytes a second. */
    public double bandwidth() {
      return bytes / micros / 1e3;
    }

    /** Gigaflops a second. */
    public double rate() {
      return operations / micros / 1e3;
    }
  }

  /**
   * @param batch images a launch
   * @param repeats timed launches
   */
  public KernelBench(CudaBackend backend, int batch, int repeats) {
    this.device = backend.device();
    this.batch = batch;
    this.repeats = repeats;
  }

  /** Names of all kernels that can run the last layer of a plan, the one that is taken first. */
  public static List<String> variants(Plan plan) {
    return DeviceLayer.candidates(plan.steps().getLast(), plan.recording()).stream()
        .map(c -> c.kernel().symbol())
        .toList();
  }

  /** Bytes a second of a copy within the device, read and written, in gigabytes. */
  public double copyBandwidth() {
    long bytes = MORE_THAN_CACHED;
    try (DeviceArena arena = new DeviceArena(device)) {
      DeviceBuffer from = arena.allocate(bytes, "copy source");
      DeviceBuffer to = arena.allocate(bytes, "copy target");
      DeviceStream stream = arena.newStream();
      device.fill(stream, from.address(), 0x3f, bytes);
      double[] micros =
          time(arena, stream, i -> device.copy(stream, from.address(), to.address(), bytes));
      return 2.0 * bytes / micros[micros.length / 2] / 1e3;
    }
  }

  /** Times a kernel on the last layer of a plan. */
  public Timing time(Plan plan, String symbol) {
    Step l = plan.steps().getLast();
    DeviceLayer layer =
        DeviceLayer.candidates(l, plan.recording()).stream()
            .filter(c -> c.kernel().symbol().equals(symbol))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException(symbol + " cannot run " + l.node()));
    try (DeviceArena arena = new DeviceArena(device)) {
      DeviceStream stream = arena.newStream();
      List<KernelLaunch> sets = launches(arena, stream, layer);
      double[] micros = time(arena, stream, i -> device.launch(stream, sets.get(i % sets.size())));
      KernelResources resources = device.resources(layer.kernel());
      return new Timing(
          symbol,
          micros[micros.length / 2],
          micros[0],
          micros[micros.length - 1],
          bytes(layer),
          operations(layer),
          resources.registers());
    }
  }

  private interface Work {
    void run(int i);
  }

  /** Sorted times in microseconds. */
  private double[] time(DeviceArena arena, DeviceStream stream, Work work) {
    DeviceEvent begin = arena.newEvent(true);
    DeviceEvent end = arena.newEvent(true);
    double[] micros = new double[repeats];
    int together = 1;
    int next = 0;
    for (int i = -WARM_UP; i < repeats; i++) {
      device.record(stream, begin);
      for (int k = 0; k < together; k++) {
        work.run(next++);
      }
      device.record(stream, end);
      device.await(end);
      double each = 1e3 * device.millisBetween(begin, end) / together;
      if (i >= 0) {
        micros[i] = each;
      } else if (i == -2) {
        together = each < SHORT_MICROS ? TOGETHER : 1;
      }
    }
    Arrays.sort(micros);
    return micros;
  }

  /** The same launch on several sets of buffers with different content. */
  private List<KernelLaunch> launches(DeviceArena arena, DeviceStream stream, DeviceLayer l) {
    int streams = l.mode().paired() ? 2 : 1;
    long in = 4 * inputFloats(l).max().orElseThrow() * batch;
    long out = 4 * l.outputFloats() * batch;
    long each = streams * (in + out);
    int sets = Math.clamp(MORE_THAN_CACHED / each + 1, 2, MOST_SETS);
    Step p = l.step();
    long weights = 0;
    long quantizedWeights = 0;
    long bias = 0;
    try (Uploads uploads = new Uploads(arena, stream)) {
      if (l.sharedFloats() > 0) {
        bias = uploads.floats(l.shared(), "constants").address();
      }
      if (l.hasOwnValues()) {
        weights = uploads.floats(l.packed(p.kernel()), "weights").address();
        quantizedWeights = uploads.floats(l.packed(p.quantizedKernel()), "weights").address();
      }
    }
    long partials = arena.allocate(4 * l.partialWords() * batch, "partial sums").address();
    long middle = arena.allocate(l.mode() == Mode.TRACED ? out : 1, "third product").address();
    DeviceBuffer counts = arena.allocate(8L * (BitHistogram.BINS + (1 << 16)), "histograms");
    device.fill(stream, counts.address(), 0, counts.bytes());
    byte[] params = KernelParams.withImages(l.params().encode(), batch);
    int grid = Math.toIntExact(Math.min(l.tiles(batch), new GridSizes(device).blocks(l.kernel())));
    List<KernelLaunch> launches = new ArrayList<>();
    for (int set = 0; set < sets; set++) {
      long baseline = random(arena, stream, in, set);
      long candidate = streams == 2 ? random(arena, stream, in, set) : 0;
      // A kernel of two inputs reads the second where others read weights.
      boolean two = p.ins().size() == 2 && !(p.op() instanceof Op.Concat);
      if (p.op() instanceof Op.Concat) {
        weights = joined(arena, stream, p, baseline);
        quantizedWeights = streams == 2 ? joined(arena, stream, p, candidate) : 0;
      }
      LayerPointers pointers =
          new LayerPointers(
              baseline,
              candidate,
              two ? baseline : weights,
              two ? candidate : quantizedWeights,
              bias,
              arena.allocate(out, "outputs").address(),
              streams == 2 ? arena.allocate(out, "outputs").address() : 0,
              middle,
              partials,
              counts.address(),
              counts.address(8L * BitHistogram.BINS));
      launches.add(
          new KernelLaunch(
              l.kernel(), grid, pointers.toArray(), params, l.text() + ", " + batch + " images"));
    }
    return launches;
  }

  /** The table of a concatenation whose inputs all lie at one address. */
  private static long joined(DeviceArena arena, DeviceStream stream, Step l, long address) {
    long[] inputs = new long[l.ins().size()];
    Arrays.fill(inputs, address);
    try (Uploads uploads = new Uploads(arena, stream)) {
      return uploads.ints(JoinedChannels.of(l, inputs), "inputs").address();
    }
  }

  /** Activations as a rectifier leaves them, half of them 0; a piece of random values repeated. */
  private long random(DeviceArena arena, DeviceStream stream, long bytes, int seed) {
    Random random = new Random(seed);
    float[] piece = new float[(int) Math.min(bytes / 4, 1 << 20)];
    for (int i = 0; i < piece.length; i++) {
      piece[i] = (float) Math.max(0, random.nextGaussian());
    }
    DeviceBuffer buffer = arena.allocate(bytes, "inputs");
    try (Uploads uploads = new Uploads(arena, stream)) {
      uploads.repeat(piece, buffer);
    }
    return buffer.address();
  }

  /** Each input, output and weight once, of each stream. */
  private long bytes(DeviceLayer l) {
    int streams = l.mode().paired() ? 2 : 1;
    long in = inputFloats(l).sum();
    return 4
        * (streams * (batch * (in + l.outputFloats()) + l.weightFloats())
            + batch * l.partialWords());
  }

  /** Floats of each input of one image, padding included. */
  private static LongStream inputFloats(DeviceLayer l) {
    return l.step().ins().stream()
        .mapToLong(s -> (long) s.positions() * LayerParams.stride(s.channels()));
  }

  private long operations(DeviceLayer l) {
    int products = l.mode() == Mode.TRACED ? 3 : l.mode().paired() ? 2 : 1;
    return 2L * products * l.step().op().macs(l.step().ins()) * batch;
  }
}
