package io.depthscope.cli;

import io.depthscope.diagnosis.DeadChannels;
import io.depthscope.graph.BatchNorm;
import io.depthscope.graph.Graph;
import io.depthscope.graph.LayerParameters;
import io.depthscope.graph.Node;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.run.StatedImages;
import io.depthscope.run.Subject;
import io.depthscope.stats.TensorStatistics;
import io.depthscope.tensor.FloatTensor;
import java.io.IOException;
import java.io.PrintWriter;
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
  @Spec private CommandSpec spec;
  @Mixin private ModelOptions modelOptions;

  @Override
  public Integer call() throws IOException {
    Subject subject = modelOptions.load();
    LoadedModel loaded = subject.model();
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
            "dead channels");
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
          dead(p.batchNorm()));
    }
    table.lines().forEach(out::println);
    out.println();
    List<String> settings = modelOptions.lines(subject);
    if (settings.isEmpty()) {
      out.println("images " + StatedImages.text(subject.preprocessing()));
    }
    settings.forEach(out::println);
    out.printf(
        Locale.ROOT,
        "%n%,d parameters, %,d multiply-accumulates an image; dead: batch-norm variance below %s%n",
        parameters,
        graph.macs(),
        DeadChannels.VARIANCE);
    return 0;
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

  private static String dead(Optional<BatchNorm> batchNorm) {
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
