package io.depthscope.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No byte of a result depends on threads or batches. */
class ReproducibilityTest {
  @TempDir private Path folder;

  private Path run(String name, String settings, Object... more) {
    Path out = folder.resolve(name);
    List<Object> args = new ArrayList<>(List.of((Object[]) settings.split(" ", -1)));
    args.addAll(List.of(more));
    args.addAll(List.of("--out", out));
    CommandLineRun.analyze(args.toArray()).succeeds();
    return out;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--data synthetic:60 --calibrate 20",
        "--data synthetic:40 --calibrate 20 --scheme w4a6 --granularity per-channel"
            + " --symmetric weights --range mse --feed local",
        "--data synthetic:40 --calibrate 20 --range percentile:99.9 --weight-range mse"
            + " --error-sources"
      })
  void threadsAndBatchesChangeNothing(String settings) {
    Path expected = run("expected", settings, "--threads", 1, "--batch", 1);
    for (int threads = 1; threads <= 3; threads++) {
      for (int batch : new int[] {1, 7, 32}) {
        String name = threads + "-" + batch;
        Path actual = run(name, settings, "--threads", threads, "--batch", batch);
        RunFiles.assertSame(expected, actual, settings + ", threads and batch " + name);
      }
    }
  }

  @Test
  void theReferenceBackendRepeatsItself() {
    String settings = "--backend reference --data synthetic:12 --calibrate 6";
    Path expected = run("expected", settings, "--threads", 1, "--batch", 32);
    Path actual = run("actual", settings, "--threads", 2, "--batch", 5);
    RunFiles.assertSame(expected, actual, "reference");
  }
}
