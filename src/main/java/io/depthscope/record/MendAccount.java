package io.depthscope.record;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * {@code mend.json}: what was tried on a network, and what came of it.
 *
 * @param model name of the network
 * @param scheme as asked for, in words
 * @param learned images that remedies learned from
 * @param judged images that the result is judged on
 * @param widths of the layers with weights, where they are not all the scheme's
 */
public record MendAccount(
    String model,
    String scheme,
    String learned,
    String judged,
    Judgement before,
    List<Step> steps,
    List<Width> widths,
    Judgement after) {
  private static final int SCHEMA_VERSION = 1;
  private static final int MOST_BYTES = 16 << 20;

  /** What a remedy is expected to leave by itself. */
  public record Prediction(String remedy, String summary, double sqnrDb) {}

  /**
   * A remedy that was tried.
   *
   * @param foreseenDb the SQNR that was predicted
   * @param calibratedDb the SQNR on the images it learned from, which decides
   * @param account what it changed, a line each
   */
  public record Step(
      String remedy,
      double foreseenDb,
      double calibratedDb,
      Judgement measured,
      boolean kept,
      double seconds,
      List<String> account) {}

  /**
   * How many bits a layer has.
   *
   * @param weights how many it has
   * @param outputBits empty where its output stays in float32
   */
  public record Width(String layer, long weights, int weightBits, OptionalInt outputBits) {}

  public MendAccount {
    steps = List.copyOf(steps);
    widths = List.copyOf(widths);
  }

  /** Names of the remedies that were kept, in the order in which they were tried. */
  public List<String> remedies() {
    return steps.stream().filter(Step::kept).map(Step::remedy).toList();
  }

  /**
   * Reads it.
   *
   * @throws IOException naming the file, if it is not there or not whole
   */
  public static MendAccount read(Path file) throws IOException {
    JsonFields all = JsonFields.read(file, MOST_BYTES, "mend it again with --overwrite");
    if (all.integer("schemaVersion") != SCHEMA_VERSION) {
      throw all.wrong("schemaVersion", "not " + SCHEMA_VERSION);
    }
    List<Step> steps = new ArrayList<>();
    for (JsonFields s : all.objects("steps")) {
      steps.add(
          new Step(
              s.text("remedy"),
              s.number("predictedSqnrDb"),
              s.number("calibrationSqnrDb"),
              judgement(s.object("measured")),
              s.bool("kept"),
              s.number("seconds"),
              s.texts("account")));
    }
    List<Width> widths = new ArrayList<>();
    if (all.has("widths")) {
      for (JsonFields w : all.objects("widths")) {
        widths.add(
            new Width(
                w.text("name"),
                w.count("weights"),
                w.integer("weightBits"),
                w.has("outputBits")
                    ? OptionalInt.of(w.integer("outputBits"))
                    : OptionalInt.empty()));
      }
    }
    return new MendAccount(
        all.text(MendDirectory.MODEL),
        all.text("scheme"),
        all.text("learnedFrom"),
        all.text("judgedOn"),
        judgement(all.object("before")),
        steps,
        widths,
        judgement(all.object("after")));
  }

  private static Judgement judgement(JsonFields j) throws IOException {
    return new Judgement(
        j.integer("images"),
        j.number("sqnrDb"),
        j.number("fp32Change"),
        j.number("fp32Accuracy"),
        j.number("accuracy"),
        j.number("sameClass"));
  }

  /** Writes it. */
  public void write(OutputStream out) throws IOException {
    try (JsonGenerator g = Json.generator(out)) {
      g.writeStartObject();
      g.writeNumberField("schemaVersion", SCHEMA_VERSION);
      g.writeStringField(MendDirectory.MODEL, model);
      g.writeStringField("scheme", scheme);
      g.writeStringField("learnedFrom", learned);
      g.writeStringField("judgedOn", judged);
      judgement(g, "before", before);
      g.writeArrayFieldStart("steps");
      for (Step s : steps) {
        g.writeStartObject();
        g.writeStringField("remedy", s.remedy());
        g.writeBooleanField("kept", s.kept());
        g.writeNumberField("predictedSqnrDb", s.foreseenDb());
        g.writeNumberField("calibrationSqnrDb", s.calibratedDb());
        judgement(g, "measured", s.measured());
        g.writeNumberField("seconds", s.seconds());
        g.writeArrayFieldStart("account");
        for (String line : s.account()) {
          g.writeString(line);
        }
        g.writeEndArray();
        g.writeEndObject();
      }
      g.writeEndArray();
      if (!widths.isEmpty()) {
        widths(g);
      }
      judgement(g, "after", after);
      g.writeEndObject();
    }
  }

  private void widths(JsonGenerator g) throws IOException {
    double bits = 0;
    double weights = 0;
    for (Width w : widths) {
      bits += (double) w.weights() * w.weightBits();
      weights += w.weights();
    }
    g.writeNumberField("meanWeightBits", bits / weights);
    g.writeArrayFieldStart("widths");
    for (Width w : widths) {
      g.writeStartObject();
      g.writeStringField("name", w.layer());
      g.writeNumberField("weights", w.weights());
      g.writeNumberField("weightBits", w.weightBits());
      if (w.outputBits().isPresent()) {
        g.writeNumberField("outputBits", w.outputBits().getAsInt());
      } else {
        g.writeNullField("outputBits");
      }
      g.writeEndObject();
    }
    g.writeEndArray();
  }

  private static void judgement(JsonGenerator g, String name, Judgement j) throws IOException {
    g.writeObjectFieldStart(name);
    g.writeNumberField("images", j.images());
    g.writeNumberField("sqnrDb", j.sqnrDb());
    g.writeNumberField("fp32Change", j.fp32Change());
    g.writeNumberField("fp32Accuracy", j.fp32Accuracy());
    g.writeNumberField("accuracy", j.accuracy());
    g.writeNumberField("sameClass", j.sameClass());
    g.writeEndObject();
  }
}
