package io.depthscope.cli;

import io.depthscope.record.Sensitivity;
import io.depthscope.record.Sensitivity.Direction;
import io.depthscope.record.Sensitivity.Effect;
import io.depthscope.record.Sensitivity.Estimate;
import io.depthscope.record.Sensitivity.Layer;
import io.depthscope.record.Sensitivity.Whole;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What a measurement of sensitivity says on the terminal. */
final class SensitivityText {
  private SensitivityText() {}

  static void print(Sensitivity s, PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "%s, %s, intervals at %s %%%n%n",
        s.model(),
        s.scheme().map(Object::toString).orElse("quantized as given"),
        Summary.number(100 * s.confidence()));
    whole("fp32", s.fp32(), out);
    whole("all quantized", s.quantized(), out);
    for (Direction d : Direction.values()) {
      out.println();
      out.println(
          d == Direction.ALONE
              ? "Quantized alone, the most harmful first:"
              : "Left in float32 alone, the most helpful first:");
      ranking(s, d, out);
    }
  }

  private static void whole(String name, Whole w, PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "%-14s%s%s%s on %d images%n",
        name,
        w.top1().map(t -> " top-1 " + Summary.percent(t) + ",").orElse(""),
        w.agreement().map(a -> " agreement " + Summary.percent(a) + ",").orElse(""),
        " SQNR " + Summary.decibel(w.sqnrDb()) + " dB",
        w.images());
  }

  private static void ranking(Sensitivity s, Direction d, PrintWriter out) {
    boolean classes = s.fp32().agreement().isPresent();
    boolean labelled = s.fp32().top1().isPresent();
    boolean gain = d == Direction.ALL_BUT;
    List<String> header = new ArrayList<>(List.of("layer", "op", "place", "open", "images"));
    header.addAll(List.of("SQNR dB", "+/-"));
    if (gain) {
      header.addAll(List.of("gain dB", "+/-"));
    }
    if (classes) {
      header.addAll(List.of("agreement", "from", "to"));
    }
    if (labelled) {
      header.addAll(List.of("top-1", "change", "from", "to"));
    }
    TextTable t = new TextTable(2, header.toArray(String[]::new));
    for (Layer l : s.ranking(d)) {
      Effect e = l.in(d);
      List<String> row = new ArrayList<>(List.of(l.name(), l.op(), "" + e.place()));
      row.add(e.firstPlace() == e.lastPlace() ? "" : e.firstPlace() + " to " + e.lastPlace());
      row.add("" + e.images());
      decibel(row, Optional.of(e.sqnrDb()));
      if (gain) {
        decibel(row, e.gainDb());
      }
      if (classes) {
        share(row, e.agreement());
      }
      if (labelled) {
        row.add(e.top1().map(Summary::percent).orElse(""));
        share(row, e.top1Change());
      }
      t.row(row.toArray(String[]::new));
    }
    t.lines().forEach(out::println);
  }

  private static void decibel(List<String> row, Optional<Estimate> of) {
    row.add(of.map(e -> Summary.decibel(e.value())).orElse(""));
    row.add(
        of.map(e -> Summary.decibel((e.interval().high() - e.interval().low()) / 2)).orElse(""));
  }

  private static void share(List<String> row, Optional<Estimate> of) {
    row.add(of.map(e -> Summary.percent(e.value())).orElse(""));
    row.add(of.map(e -> Summary.percent(e.interval().low())).orElse(""));
    row.add(of.map(e -> Summary.percent(e.interval().high())).orElse(""));
  }
}
