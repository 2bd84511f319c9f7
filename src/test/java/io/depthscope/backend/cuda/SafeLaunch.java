package io.depthscope.backend.cuda;

import io.depthscope.device.Device;
import io.depthscope.device.DeviceArena;
import io.depthscope.device.DeviceBuffer;
import io.depthscope.device.DeviceStream;
import io.depthscope.device.KernelLaunch;
import io.depthscope.graph.Op;
import io.depthscope.plan.Step;
import io.depthscope.stats.BitHistogram;
import io.depthscope.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * The buffers of one launch of a layer's kernel, each between guards that must stay as they are.
 */
final class SafeLaunch implements AutoCloseable {
  private static final int GUARD = 512;
  private static final byte GUARDED = 0x5a;

  /** In the order of the kernel's pointers. */
  enum Piece {
    IN,
    IN_QUANTIZED,
    WEIGHTS,
    WEIGHTS_QUANTIZED,
    BIAS,
    OUT,
    OUT_QUANTIZED,
    MIDDLE,
    PARTIALS,
    BITS,
    CODES;

    boolean isInput() {
      return compareTo(OUT) < 0;
    }
  }

  private final Device device;
  private final DeviceArena arena;
  private final DeviceStream stream;
  private final DeviceLayer layer;
  private final int images;
  private final Random random;
  private final byte poison;
  private final Map<Piece, DeviceBuffer> buffers = new EnumMap<>(Piece.class);

  /**
   * @param poison what every byte of an output is before the launch
   */
  SafeLaunch(Device device, DeviceLayer layer, int images, byte poison, Random random) {
    this.device = device;
    this.layer = layer;
    this.images = images;
    this.poison = poison;
    this.random = random;
    arena = new DeviceArena(device);
    stream = arena.newStream();
    boolean paired = layer.mode().paired();
    Step step = layer.step();
    boolean joins = step.op() instanceof Op.Concat;
    List<Shape> first = joins ? step.ins() : List.of(step.in());
    float[] in = activations(first);
    float[] inQ = activations(first);
    upload(Piece.IN, in);
    upload(Piece.IN_QUANTIZED, paired ? inQ : new float[0]);
    upload(Piece.WEIGHTS, joins ? table(Piece.IN) : second(step.kernel()));
    if (paired) {
      upload(
          Piece.WEIGHTS_QUANTIZED,
          joins ? table(Piece.IN_QUANTIZED) : second(step.quantizedKernel()));
    }
    upload(Piece.BIAS, layer.shared());
    long out = 4 * layer.outputFloats() * images;
    output(Piece.OUT, out, poison);
    output(Piece.OUT_QUANTIZED, paired ? out : 0, poison);
    // Room for the third product is scratch: what is left in it is nobody's.
    output(Piece.MIDDLE, layer.mode() == Mode.TRACED ? out : 0, poison);
    output(Piece.PARTIALS, 4 * layer.partialWords() * images, poison);
    boolean counts = layer.mode().statistics();
    output(Piece.BITS, counts ? 8L * BitHistogram.BINS : 0, (byte) 0);
    output(Piece.CODES, counts && paired ? 8L * ProgramSize.codesOf(layer) : 0, (byte) 0);
  }

  /** What a kernel reads beside its first input: packed weights, or its second input. */
  private float[] second(float[] kernel) {
    List<Shape> ins = layer.step().ins();
    return ins.size() == 2 ? activations(List.of(ins.get(1))) : layer.packed(kernel);
  }

  /** Where the inputs of a concatenation are, which lie one behind the other. */
  private float[] table(Piece in) {
    List<Shape> ins = layer.step().ins();
    long[] addresses = new long[ins.size()];
    long at = buffers.get(in).address(GUARD);
    for (int i = 0; i < addresses.length; i++) {
      addresses[i] = at;
      at += 4L * images * ins.get(i).positions() * LayerParams.stride(ins.get(i).channels());
    }
    return Uploads.bits(JoinedChannels.of(layer.step(), addresses));
  }

  /** Values of all images of several tensors. */
  private float[] activations(List<Shape> shapes) {
    float[] all = new float[0];
    for (Shape shape : shapes) {
      float[] values = activations(shape);
      int from = all.length;
      all = Arrays.copyOf(all, from + values.length);
      System.arraycopy(values, 0, all, from, values.length);
    }
    return all;
  }

  /** Values of all images, zeros in the padding. */
  private float[] activations(Shape shape) {
    int stride = LayerParams.stride(shape.channels());
    float[] values = new float[images * shape.positions() * stride];
    for (int i = 0; i < values.length; i++) {
      values[i] = i % stride < shape.channels() ? (float) random.nextGaussian() : 0;
    }
    return values;
  }

  private DeviceBuffer guarded(Piece piece, long bytes, byte fill) {
    DeviceBuffer buffer = arena.allocate(bytes + 2 * GUARD, piece.name());
    device.fill(stream, buffer.address(), GUARDED, buffer.bytes());
    device.fill(stream, buffer.address(GUARD), fill & 0xff, bytes);
    buffers.put(piece, buffer);
    return buffer;
  }

  private void output(Piece piece, long bytes, byte fill) {
    if (bytes > 0) {
      guarded(piece, bytes, fill);
    }
  }

  private void upload(Piece piece, float[] values) {
    if (values.length == 0) {
      return;
    }
    DeviceBuffer buffer = guarded(piece, 4L * values.length, poison);
    MemorySegment host = arena.allocatePinned(4L * values.length);
    MemorySegment.copy(values, 0, host, ValueLayout.JAVA_FLOAT, 0, values.length);
    device.upload(stream, host, buffer.address(GUARD), host.byteSize());
    device.synchronize();
  }

  /** Launches the kernel and waits for it. */
  void launch(int blocks) {
    long[] pointers = new long[Piece.values().length];
    for (Piece piece : Piece.values()) {
      DeviceBuffer buffer = buffers.get(piece);
      pointers[piece.ordinal()] = buffer == null ? 0 : buffer.address(GUARD);
    }
    byte[] params = KernelParams.withImages(layer.params().encode(), images);
    device.launch(stream, new KernelLaunch(layer.kernel(), blocks, pointers, params, layer.text()));
    device.synchronize();
  }

  private byte[] all(DeviceBuffer buffer) {
    MemorySegment host = device.allocatePinned(buffer.bytes());
    device.download(stream, buffer.address(), host, buffer.bytes());
    device.synchronize();
    byte[] bytes = host.toArray(ValueLayout.JAVA_BYTE);
    device.freePinned(host);
    return bytes;
  }

  private Map<Piece, byte[]> contents(boolean inputs) {
    Map<Piece, byte[]> found = new EnumMap<>(Piece.class);
    buffers.forEach(
        (piece, buffer) -> {
          if (piece.isInput() == inputs && piece != Piece.MIDDLE) {
            byte[] bytes = all(buffer);
            found.put(piece, Arrays.copyOfRange(bytes, GUARD, bytes.length - GUARD));
          }
        });
    return found;
  }

  /** What the kernel may only read. */
  Map<Piece, byte[]> inputs() {
    return contents(true);
  }

  /** What it writes. */
  Map<Piece, byte[]> outputs() {
    return contents(false);
  }

  /** Places in guards that were written to. */
  List<String> damagedGuards() {
    List<String> damaged = new ArrayList<>();
    buffers.forEach(
        (piece, buffer) -> {
          byte[] bytes = all(buffer);
          for (int i = 0; i < bytes.length; i++) {
            boolean inside = i >= GUARD && i < bytes.length - GUARD;
            if (!inside && bytes[i] != GUARDED) {
              damaged.add(piece + " at byte " + (i - GUARD) + " of " + (bytes.length - 2 * GUARD));
              return;
            }
          }
        });
    return damaged;
  }

  @Override
  public void close() {
    arena.close();
  }
}
