package io.depthscope.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.testkit.RunSpecs;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class RunSettingTest {

  private static Set<String> differing(RunSpec other) {
    Map<String, String> mine = RunSetting.identity(RunSpecs.of("w", 2, false, "cpu"));
    Map<String, String> its = RunSetting.identity(other);
    assertEquals(mine.keySet(), its.keySet());
    Set<String> keys = new TreeSet<>();
    mine.forEach(
        (key, value) -> {
          if (!value.equals(its.get(key))) {
            keys.add(key);
          }
        });
    return keys;
  }

  @Test
  void eachSettingIsCalledByOneName() {
    Set<String> keys = new HashSet<>();
    for (RunSetting s : RunSetting.ALL) {
      assertTrue(keys.add(s.key()), s::key);
      assertFalse(s.kind() == RunSetting.Kind.CIRCUMSTANCE && s.identity(), s::key);
    }
  }

  @Test
  void theIdentityIsWhatNumbersDependOn() {
    assertEquals(Set.of("weightsSha256"), differing(RunSpecs.of("other", 2, false, "cpu")));
    assertEquals(Set.of("errorSources"), differing(RunSpecs.of("w", 2, true, "cpu")));
    assertEquals(Set.of("backendNumerics"), differing(RunSpecs.of("w", 2, false, "cpu, tf32")));
    assertEquals(Set.of(), differing(RunSpecs.of("w", 7, false, "cpu")), "threads");
  }

  @Test
  void theManifestHasEverySettingOnceTheRangesAreKnown() {
    RunSpec spec = RunSpecs.of("w", 2, false, "cpu");
    Set<String> before = RunSetting.manifest(spec).keySet();
    assertFalse(before.contains("calibrationSource"), before::toString);
    Set<String> after = RunSetting.manifest(spec.withRanges("all 10 images", 10)).keySet();
    assertEquals(RunSetting.ALL.stream().map(RunSetting::key).toList(), after.stream().toList());
    assertTrue(after.containsAll(before));
  }
}
