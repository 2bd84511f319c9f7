package io.depthscope.backend.cuda;

import io.depthscope.device.Device;
import io.depthscope.device.KernelResources;
import io.depthscope.device.KernelSpec;
import java.util.HashMap;
import java.util.Map;

/**
 * How many blocks fill a device, all at once: each flushes its histograms once. Kernels loop over
 * their tiles, so no result depends on it.
 */
final class GridSizes {
  private static final int REGISTERS = 65_536;
  private static final int REGISTER_UNIT = 8;
  private static final int MOST_BLOCKS = 16;
  private static final int WARP = 32;

  private final Device device;
  private final Map<KernelSpec, Integer> known = new HashMap<>();

  GridSizes(Device device) {
    this.device = device;
  }

  int blocks(KernelSpec kernel) {
    return known.computeIfAbsent(kernel, this::count);
  }

  private int count(KernelSpec kernel) {
    KernelResources r = device.resources(kernel);
    int registers = Math.max(WARP, Tiling.ceil(r.registers(), REGISTER_UNIT) * REGISTER_UNIT);
    int threads = Tiling.ceil(kernel.threads(), WARP) * WARP;
    long byRegisters = REGISTERS / ((long) registers * threads);
    long byShared = sharedPerMultiprocessor() / Math.max(1, r.sharedBytes());
    int resident = Math.clamp(Math.min(byRegisters, byShared), 1, MOST_BLOCKS);
    return device.info().multiprocessors() * resident;
  }

  /** Bytes of shared memory of a multiprocessor, by compute capability. */
  private long sharedPerMultiprocessor() {
    return switch (device.info().capability()) {
      case 75 -> 64 << 10;
      case 80, 87 -> 164 << 10;
      case 86, 89, 120, 121 -> 100 << 10;
      default -> 228 << 10;
    };
  }
}
