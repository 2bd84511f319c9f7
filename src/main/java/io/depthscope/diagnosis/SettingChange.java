package io.depthscope.diagnosis;

import io.depthscope.record.Run;
import io.depthscope.record.RunSetting;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * A setting in which two runs differ.
 *
 * @param kind what it says about comparing them
 * @param name in words
 * @param a its value in the first run
 */
public record SettingChange(RunSetting.Kind kind, String name, String a, String b) {

  /** All settings that differ and on which numbers depend; subjects first. */
  static List<SettingChange> between(Run a, Run b) {
    List<SettingChange> changes = new ArrayList<>();
    for (RunSetting setting : RunSetting.ALL) {
      Map<String, Object> inA = setting.measured().apply(a);
      Map<String, Object> inB = setting.measured().apply(b);
      inA.forEach(
          (name, value) -> {
            Object other = inB.get(name);
            if (!value.equals(other)) {
              changes.add(
                  new SettingChange(setting.kind(), name, value.toString(), String.valueOf(other)));
            }
          });
    }
    changes.sort(Comparator.comparing(SettingChange::kind));
    return List.copyOf(changes);
  }
}
