package io.depthscope.cli;

import io.depthscope.diagnosis.Finding;
import io.depthscope.diagnosis.FindingChange;
import io.depthscope.diagnosis.LayerChange;
import io.depthscope.diagnosis.Phrases;
import io.depthscope.diagnosis.PredictionChange;
import io.depthscope.diagnosis.RunComparison;
import io.depthscope.diagnosis.SettingChange;
import io.depthscope.record.Run;
import io.depthscope.record.RunSetting;
import io.depthscope.report.TextSection;
import io.depthscope.stats.Prediction;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A comparison of two runs in words and tables. */
final class ComparisonText {
  /** Told in full; the others by their titles. */
  private static final int TOLD = 3;

  private static final int TITLES = 12;
  private static final String INDENT = "  ";

  private final RunComparison runs;
  private final List<TextSection> sections = new ArrayList<>();
  private List<String> paragraphs = new ArrayList<>();

  private ComparisonText(RunComparison runs) {
    this.runs = runs;
  }

  /** The comparison as sections of text and tables, in the order in which they are to be read. */
  static List<TextSection> sections(RunComparison runs) {
    ComparisonText text = new ComparisonText(runs);
    text.settings();
    text.tell();
    return List.copyOf(text.sections);
  }

  /** The same of a network before and after it was mended: how they were made is known. */
  static List<TextSection> sectionsOfMended(RunComparison runs) {
    ComparisonText text = new ComparisonText(runs);
    text.tell();
    return List.copyOf(text.sections);
  }

  /** The same on a terminal. */
  static void print(RunComparison runs, PrintWriter out) {
    for (TextSection s : sections(runs)) {
      out.println(Main.oneLine(s.title()));
      for (String p : s.paragraphs()) {
        TextBlock.wrap(INDENT, INDENT, p).forEach(out::println);
      }
      if (!s.rows().isEmpty()) {
        TextTable t = new TextTable(1, s.header().toArray(String[]::new));
        s.rows().forEach(r -> t.row(r.toArray(String[]::new)));
        t.lines().forEach(l -> out.println(INDENT + l));
      }
      out.println();
    }
  }

  private void tell() {
    if (runs.agrees() && runs.predictions().isEmpty()) {
      say("Nothing differs: every figure and every prediction is the same.");
      end("The same");
      return;
    }
    network();
    layers();
    findings("Found in A, less severe or not found in B", runs.gone());
    findings("Found in B, less severe or not found in A", runs.appeared());
    predictions();
    table();
  }

  private void say(String text) {
    paragraphs.add(text);
  }

  private void end(String title) {
    end(title, List.of(), List.of());
  }

  private void end(String title, List<String> header, List<List<String>> rows) {
    sections.add(new TextSection(title, paragraphs, header, rows));
    paragraphs = new ArrayList<>();
  }

  private void settings() {
    List<SettingChange> different = runs.differentSubjects();
    if (!different.isEmpty()) { // first of all, so that nobody reads on unwarned
      say("Their figures may differ for that alone.");
      end(
          "WARNING: these runs are not of the same network and images ("
              + different.stream().map(SettingChange::name).collect(Collectors.joining(", "))
              + ")");
    }
    say("A: " + title(runs.a()));
    say("B: " + title(runs.b()));
    if (runs.settings().isEmpty()) {
      say("No setting differs.");
    } else {
      long methods =
          runs.settings().stream().filter(s -> s.kind() == RunSetting.Kind.METHOD).count();
      say(
          methods > 1
              ? "What differs in the settings, so that no single one explains the rest:"
              : "What differs in the settings:");
      for (SettingChange s : runs.settings()) {
        say(s.name() + ": " + s.a() + " in A, " + s.b() + " in B");
      }
    }
    end("What is compared");
  }

  private static String title(Run run) {
    return run.name()
        + ", "
        + run.model()
        + ", "
        + RunSetting.quantization(run)
        + ", "
        + run.network().images()
        + " images";
  }

  private void network() {
    Run.Network a = runs.a().network();
    Run.Network b = runs.b().network();
    List<List<String>> rows = new ArrayList<>();
    if (a.accuracy().isPresent() && b.accuracy().isPresent()) {
      Run.Accuracy inA = a.accuracy().get();
      Run.Accuracy inB = b.accuracy().get();
      rows.add(share("top-1, float32", inA.top1Fp32(), inB.top1Fp32()));
      rows.add(share("top-1, quantized", inA.top1Quantized(), inB.top1Quantized()));
      rows.add(share("top-5, quantized", inA.top5Quantized(), inB.top5Quantized()));
    }
    if (a.classes().isPresent() && b.classes().isPresent()) {
      Run.Classes inA = a.classes().get();
      Run.Classes inB = b.classes().get();
      rows.add(share("same class", inA.agreementTop1(), inB.agreementTop1()));
      rows.add(decibels("SQNR of the logits", inA.logitSqnrDb(), inB.logitSqnrDb()));
    } else {
      for (RunComparison.OutputPair o : runs.outputs()) {
        outputs(o.a(), o.b(), rows);
      }
    }
    if (rows.isEmpty()) {
      say("They have no figure of the network in common.");
    }
    end("The network", rows.isEmpty() ? List.of() : List.of("", "A", "B", "B - A"), rows);
  }

  private static void outputs(Run.Output a, Run.Output b, List<List<String>> rows) {
    String name = Main.oneLine(a.layer());
    rows.add(decibels(name + ", SQNR", a.sqnrDb(), b.sqnrDb()));
    rows.add(numbers(name + ", mean |e|", a.meanAbs(), b.meanAbs()));
    rows.add(numbers(name + ", largest |e|", a.maxAbs(), b.maxAbs()));
    rows.add(
        List.of(
            name + ", cosine",
            String.format(Locale.ROOT, "%.6f", a.cosine()),
            String.format(Locale.ROOT, "%.6f", b.cosine()),
            signed("%+.6f", LayerChange.difference(a.cosine(), b.cosine()))));
    rows.add(
        List.of(
            name + ", fp32 range",
            Summary.range(a.min(), a.max()),
            Summary.range(b.min(), b.max()),
            ""));
  }

  private static List<String> numbers(String name, double a, double b) {
    return List.of(
        name, Phrases.number(a), Phrases.number(b), signed("%+.3g", LayerChange.difference(a, b)));
  }

  private static List<String> decibels(String name, double a, double b) {
    return List.of(name, decibel(a), decibel(b), signed("%+.1f dB", LayerChange.difference(a, b)));
  }

  private static List<String> share(String name, double a, double b) {
    return List.of(
        name,
        Phrases.percent(a),
        Phrases.percent(b),
        signed("%+.1f points", 100 * LayerChange.difference(a, b)));
  }

  private void layers() {
    alone("A", runs.onlyInA());
    alone("B", runs.onlyInB());
    if (runs.parting().isEmpty()) {
      say("No layer parts the runs: each changes the difference of their SQNRs by less than 6 dB.");
    } else {
      LayerChange l = runs.parting().get();
      say("The runs part at " + l.name() + ". " + sqnr(l) + " " + why(l));
    }
    for (LayerChange l : runs.explaining()) {
      if (!runs.parting().map(l::equals).orElse(false)) {
        say(
            String.format(
                Locale.ROOT,
                "%s moves them apart, too, by %s. %s %s",
                l.name(),
                decibel(Math.abs(l.local())),
                sqnr(l),
                why(l)));
      }
    }
    if (!runs.layers().isEmpty()) {
      LayerChange last = runs.layers().getLast();
      say(
          String.format(
              Locale.ROOT,
              "At the end, in %s, the SQNR is %s in A and %s in B.",
              last.name(),
              decibel(last.sqnrA()),
              decibel(last.sqnrB())));
    }
    end("Where they part");
  }

  private void alone(String run, List<String> layers) {
    if (!layers.isEmpty()) {
      say("In " + run + " only: " + String.join(", ", layers) + ".");
    }
  }

  private static String sqnr(LayerChange l) {
    String own =
        String.format(
            Locale.ROOT, "Its SQNR is %s in A and %s in B", decibel(l.sqnrA()), decibel(l.sqnrB()));
    return Double.isNaN(l.readsA()) || Double.isNaN(l.readsB())
        ? own + "."
        : own
            + String.format(
                Locale.ROOT,
                ", while what it reads has %s and %s.",
                decibel(l.readsA()),
                decibel(l.readsB()));
  }

  /** What the two runs do differently in this layer. */
  private static String why(LayerChange l) {
    List<String> parts = new ArrayList<>();
    if (Double.isFinite(l.gainA()) && Double.isFinite(l.gainB())) {
      parts.add(
          String.format(
              Locale.ROOT,
              "It multiplies the relative error by %s in A and by %s in B.",
              Phrases.number(l.gainA()),
              Phrases.number(l.gainB())));
    }
    if (Double.isFinite(l.weightLevelsA()) && Double.isFinite(l.weightLevelsB())) {
      parts.add(
          String.format(
                  Locale.ROOT,
                  "The weights of its median live channel get %s levels in A and %s in B; the SQNR of all",
                  Phrases.number(l.weightLevelsA()),
                  Phrases.number(l.weightLevelsB()))
              + String.format(
                  Locale.ROOT,
                  " its weights is %s and %s.",
                  decibel(l.weightSqnrA()),
                  decibel(l.weightSqnrB())));
    }
    return String.join(" ", parts);
  }

  private void findings(String title, List<FindingChange> changes) {
    if (changes.isEmpty()) {
      return;
    }
    for (FindingChange c : changes.subList(0, Math.min(TOLD, changes.size()))) {
      Finding f = c.finding();
      say(
          FindingsText.word(f.severity())
              + ", "
              + FindingsText.title(f)
              + ": "
              + f.statement()
              + c.elsewhere()
                  .map(e -> " (There it is " + FindingsText.word(e.severity()) + ".)")
                  .orElse(""));
    }
    List<FindingChange> rest = changes.subList(Math.min(TOLD, changes.size()), changes.size());
    if (!rest.isEmpty()) {
      String titles =
          rest.stream()
              .limit(TITLES)
              .map(c -> FindingsText.title(c.finding()).replace(", ", " "))
              .collect(Collectors.joining(", "));
      int more = rest.size() - TITLES;
      say("Also: " + titles + (more > 0 ? " and " + more + " more." : "."));
    }
    end(title);
  }

  private void predictions() {
    PredictionChange p = runs.predictions();
    if (p.images() == 0) {
      say("The runs have no image in common.");
      end("Predictions");
      return;
    }
    if (!runs.a().isClassifier() || !runs.b().isClassifier()) {
      return;
    }
    String changed =
        String.format(
                Locale.ROOT,
                "Of %d images in both runs, quantization changes the class of %d in A and of %d in B: %d in",
                p.images(),
                p.flippedInA() + p.flippedInBoth(),
                p.flippedInB() + p.flippedInBoth(),
                p.flippedInA())
            + String.format(
                Locale.ROOT,
                " A alone, %d in B alone, %d in both.",
                p.flippedInB(),
                p.flippedInBoth());
    boolean labelled =
        Stream.of(runs.a(), runs.b()).allMatch(r -> r.network().accuracy().isPresent());
    say(
        labelled
            ? changed
                + String.format(
                    Locale.ROOT,
                    " %d are right in B but wrong in A, %d the other way round.",
                    p.rightInB(),
                    p.rightInA())
            : changed);
    examples("Changed in A alone, where float32 was surest", p.keptInB());
    examples("Changed in B alone, where float32 was surest", p.keptInA());
    end("Predictions");
  }

  private void examples(String title, List<Prediction> images) {
    if (!images.isEmpty()) {
      say(
          title
              + ": "
              + images.stream()
                  .map(p -> p.image() + " (" + p.fp32() + " becomes " + p.quantized() + ")")
                  .collect(Collectors.joining(", "))
              + ".");
    }
  }

  private void table() {
    List<List<String>> rows = new ArrayList<>();
    for (LayerChange l : runs.layers()) {
      rows.add(
          List.of(
              Main.oneLine(l.name()),
              decibel(l.sqnrA()),
              decibel(l.sqnrB()),
              signed("%+.1f", l.difference()),
              number(l.gainA()),
              number(l.gainB()),
              number(l.weightLevelsA()),
              number(l.weightLevelsB())));
    }
    say("Levels: what the weights of the median live channel get.");
    end(
        "Layer by layer",
        List.of("layer", "SQNR A", "SQNR B", "B - A", "gain A", "gain B", "levels A", "levels B"),
        rows);
  }

  private static String decibel(double x) {
    return Phrases.decibel(x);
  }

  private static String number(double x) {
    return Double.isNaN(x) ? "" : Phrases.number(x);
  }

  private static String signed(String format, double x) {
    return Double.isFinite(x) ? String.format(Locale.ROOT, format, x + 0.0) : Double.toString(x);
  }
}
