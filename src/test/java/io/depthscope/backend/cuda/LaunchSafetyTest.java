package io.depthscope.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.backend.Backend;
import io.depthscope.backend.cuda.SafeLaunch.Piece;
import io.depthscope.device.Device;
import io.depthscope.device.KernelSpec;
import io.depthscope.plan.Recording;
import io.depthscope.plan.Step;
import io.depthscope.testkit.GpuBackend;
import io.depthscope.verification.PlanCase;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Kernels launched by hand, every buffer between guards: they write what is theirs, all of it, read
 * nothing that nobody wrote, and leave their inputs as they are. Runs on a GPU as well.
 */
@Tag("gpu")
class LaunchSafetyTest {
  private static final List<Recording> RECORDINGS = List.of(Recording.values());

  /** Every eighth case: a few of each kind, and all kernels that come with them. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void kernelsKeepToTheirBuffers(int part) {
    Backend cuda = GpuBackend.get();
    Device device = GpuBackend.device();
    List<PlanCase> cases = LayerCases.all(cuda);
    Set<String> launched = new TreeSet<>();
    for (int i = part; i < cases.size(); i += 9) {
      PlanCase c = cases.get(i);
      for (Recording recording : RECORDINGS) {
        Step last = c.plan(recording).steps().getLast();
        for (DeviceLayer l : DeviceLayer.candidates(last, recording)) {
          if (last.index() > 0) {
            check(device, l, c);
            launched.add(l.kernel().symbol());
          }
        }
      }
    }
    assertTrue(launched.size() > 15, launched::toString);
  }

  private static void check(Device device, DeviceLayer l, PlanCase c) {
    int images = Math.min(5, c.batch().count());
    String text = l.kernel().symbol() + ", " + images + " images, " + c.text();
    Map<Piece, byte[]> first = run(device, l, images, (byte) 0x7b, text);
    Map<Piece, byte[]> second = run(device, l, images, (byte) 0xff, text);
    for (Piece piece : first.keySet()) {
      byte[] a = first.get(piece);
      byte[] b = second.get(piece);
      if (piece == Piece.PARTIALS) {
        maskPadding(l, a);
        maskPadding(l, b);
      }
      // What lay there before shows nowhere: all was written, and nothing was read.
      assertArrayEquals(a, b, piece + " of " + text);
    }
  }

  /** Sums of padding channels are never written, and never read. */
  private static void maskPadding(DeviceLayer l, byte[] partials) {
    int stride = l.params().outStride();
    for (int word = 0; word < partials.length / 4; word++) {
      if (word % stride >= l.params().outChannels()) {
        for (int b = 0; b < 4; b++) {
          partials[4 * word + b] = 0;
        }
      }
    }
  }

  private static Map<Piece, byte[]> run(
      Device device, DeviceLayer l, int images, byte poison, String text) {
    KernelSpec kernel = l.kernel();
    try (SafeLaunch launch = new SafeLaunch(device, l, images, poison, new Random(4))) {
      Map<Piece, byte[]> before = launch.inputs();
      launch.launch((int) Math.min(l.tiles(images), new GridSizes(device).blocks(kernel)));
      assertEquals(List.of(), launch.damagedGuards(), text);
      Map<Piece, byte[]> after = launch.inputs();
      for (Piece piece : before.keySet()) {
        assertArrayEquals(before.get(piece), after.get(piece), piece + " was changed by " + text);
      }
      return launch.outputs();
    }
  }
}
