package io.depthscope.cli;

import io.depthscope.graph.BatchNorm;
import io.depthscope.graph.Graph;
import io.depthscope.graph.LayerParameters;
import io.depthscope.graph.Node;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.record.DeadChannels;
import io.depthscope.run.ModelReader;
import io.depthscope.run.StatedImages;
import io.depthscope.run.Subject;
import io.depthscope.stats.TensorStatistics;
import io.depthscope.tensor.FloatTensor;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Shows what is in a file of weights. */
@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    description =
        "Show a network's layers, shapes, parameters, multiply-accumulates and weight ranges before"
            + " and after batch-norm folding.")
final class InspectCommand implements Callable<Integer> {
  private static final int COLOURS = 3;

  @Spec private CommandSpec spec;
  @Mixin private ModelOptions modelOptions;

  @Override
  public Integer call() throws IOException {
    LoadedModel loaded = modelOptions.model(Optional.empty());
    Graph graph = loaded.graph();
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        Locale.ROOT,
        "%s: %s, names as in %s, sha256 %s%n%n",
        loaded.file(),
        loaded.family(),
        loaded.naming(),
        loaded.sha256());
    TextTable table =
        new TextTable(
            2,
            "layer",
            "kind",
            "output",
            "kernel",
            "parameters",
            "MACs",
            "stored range",
            "folded range",
            "collapsed");
    long parameters = 0;
    for (int i = 0; i < graph.size(); i++) {
      Node node = graph.node(i);
      if (!node.op().hasWeights()) {
        table.row(node.name(), graph.word(i), graph.shape(i).toString(), "", "", "", "", "", "");
        continue;
      }
      LayerParameters p = loaded.network().storedOf(node);
      long count = parameterCount(p);
      parameters += count;
      table.row(
          node.name(),
          graph.word(i),
          graph.shape(i).toString(),
          p.kernel().dimsText(),
          Long.toString(count),
          String.format(Locale.ROOT, "%,d", graph.macs(i)),
          range(p.kernel()),
          range(loaded.network().weightsOf(node).kernel()),
          collapsed(p.batchNorm()));
    }
    table.lines().forEach(out::println);
    out.println();
    settings(loaded).forEach(out::println);
    ModelReader.missing(loaded).forEach(reason -> out.println("cannot run yet: " + reason));
    out.printf(
        Locale.ROOT,
        "%ncollapsed: channels with a batch-norm variance below %s; a run tells which are dead%n"
            + "%,d parameters, %,d multiply-accumulates an image%n",
        DeadChannels.VARIANCE,
        parameters,
        graph.macs());
    return 0;
  }

  private List<String> settings(LoadedModel loaded) throws IOException {
    int channels = loaded.graph().inputShape().channels();
    if (channels != COLOURS && channels != 1) {
      List<String> lines = new ArrayList<>();
      loaded.settings().forEach(s -> lines.add(Main.oneLine(s.text())));
      lines.add(
          "images none: the network reads " + channels + " channels, not " + COLOURS + " or 1");
      return lines;
    }
    Subject subject = modelOptions.subject(loaded);
    List<String> settings = modelOptions.lines(subject);
    return settings.isEmpty()
        ? List.of("images " + StatedImages.text(subject.preprocessing()))
        : settings;
  }

  private static String range(FloatTensor kernel) {
    TensorStatistics s = TensorStatistics.of(kernel.data());
    return Summary.range(s.min(), s.max());
  }

  private static long parameterCount(LayerParameters p) {
    long n = p.kernel().data().length;
    n += p.bias().map(b -> b.length).orElse(0);
    return n + p.batchNorm().map(b -> 4L * b.gamma().length).orElse(0L);
  }

  private static String collapsed(Optional<BatchNorm> batchNorm) {
    if (batchNorm.isEmpty()) {
      return "";
    }
    int n = 0;
    for (float v : batchNorm.get().variance()) {
      n += DeadChannels.hasCollapsed(v) ? 1 : 0;
    }
    return n == 0 ? "" : Integer.toString(n);
  }
}
