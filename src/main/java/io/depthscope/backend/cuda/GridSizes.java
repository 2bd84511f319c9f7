package io.depthscope.backend.cuda;

import io.depthscope.device.Device;
import io.depthscope.device.KernelResources;
import io.depthscope.device.KernelSpec;
import java.util.HashMap;
import java.util.Map;

/** How many blocks fill a device; kernels loop over their tiles, so no result depends on it. */
final class GridSizes {
  /** Blocks for each that can run at once: enough that a last, partial round is short. */
  private static final int ROUNDS = 2;

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
    int resident = Math.clamp(REGISTERS / ((long) registers * threads), 1, MOST_BLOCKS);
    return device.info().multiprocessors() * resident * ROUNDS;
  }
}
