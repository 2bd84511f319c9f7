package io.depthscope.diagnosis;

import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantScheme;
import io.depthscope.record.MendAccount;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Many networks, each quantized in several ways on the same images.
 *
 * @param data description of the images
 * @param images how many there were
 * @param entries one a run
 * @param mended what remedies made of runs; none if they were not tried
 */
public record Study(String data, long images, List<Entry> entries, List<Mended> mended) {

  /** A run of a network. */
  public record Entry(StudyNetwork network, NetworkSummary summary) {}

  /** Bits and granularity of a run's weights. */
  public record Setting(int bits, Granularity granularity) {}

  /** A network that was mended for a scheme. */
  public record Mended(StudyNetwork network, QuantScheme scheme, MendAccount account) {}

  public Study {
    entries = List.copyOf(entries);
    mended = List.copyOf(mended);
  }

  /** The networks, in the order in which they ran. */
  public List<StudyNetwork> networks() {
    return entries.stream().map(Entry::network).distinct().toList();
  }

  /** Every setting that occurs: most bits first, per-tensor before per-channel. */
  public List<Setting> settings() {
    return entries.stream()
        .map(e -> new Setting(e.summary().bits(), e.summary().scheme().granularity()))
        .distinct()
        .sorted(
            Comparator.comparingInt(Setting::bits).reversed().thenComparing(Setting::granularity))
        .toList();
  }

  /** The run of a network at a setting. */
  public Optional<NetworkSummary> summary(StudyNetwork network, Setting setting) {
    return entries.stream()
        .filter(e -> e.network().equals(network))
        .map(Entry::summary)
        .filter(
            s -> s.bits() == setting.bits() && s.scheme().granularity() == setting.granularity())
        .findFirst();
  }

  /** Runs of all seeds of a kind at a setting, by ascending seed. */
  List<NetworkSummary> ofKind(String kind, Setting setting) {
    List<NetworkSummary> found = new ArrayList<>();
    networks().stream()
        .filter(n -> n.kind().equals(kind))
        .sorted(Comparator.comparingInt(StudyNetwork::seed))
        .forEach(n -> summary(n, setting).ifPresent(found::add));
    return found;
  }

  /** Kinds of depthwise-separable networks whose regular twin is there, too. */
  List<String> separableTwins() {
    TreeSet<String> kinds = new TreeSet<>();
    for (StudyNetwork n : networks()) {
      if (n.isSeparableTwin()
          && networks().stream().anyMatch(r -> r.kind().equals(n.regularTwin()))) {
        kinds.add(n.kind());
      }
    }
    return List.copyOf(kinds);
  }
}
