package io.depthscope.run;

import com.fasterxml.jackson.core.JsonGenerator;
import io.depthscope.graph.Node;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.QuantizedTensor;
import io.depthscope.record.Json;
import io.depthscope.record.MendDirectory;
import io.depthscope.remedy.Mending;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * {@code mend.json}: what was tried on a network, and what came of it.
 *
 * @param model name of the network
 * @param scheme as asked for
 * @param learned images that remedies learned from
 * @param judged images that the result is judged on
 * @param widths of the layers with weights, where they are not all the scheme's
 */
public record MendAccount(
    String model,
    QuantScheme scheme,
    String learned,
    String judged,
    Judgement before,
    List<Step> steps,
    List<Width> widths,
    Judgement after) {
  private static final int SCHEMA_VERSION = 1;

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
  public record Width(String layer, long weights, int weightBits, OptionalInt outputBits) {

    /** Those of a mended network; none where they are all the scheme's. */
    static List<Width> of(Mending mended) {
      List<Width> all = new ArrayList<>();
      for (Node node : mended.network().graph().nodes()) {
        if (mended.widths().bits().containsKey(node.name())) {
          QuantizedTensor w = mended.spec().weights(node.name()).orElseThrow();
          all.add(
              new Width(
                  node.name(),
                  w.codes().length,
                  w.params().getFirst().bits(),
                  mended.spec().output(node.name()).stream()
                      .mapToInt(QuantParams::bits)
                      .findFirst()));
        }
      }
      return all;
    }
  }

  static MendAccount of(
      MendLadder.Result result, String model, QuantScheme scheme, String learned, String judged) {
    return new MendAccount(
        model,
        scheme,
        learned,
        judged,
        result.before(),
        result.steps(),
        Width.of(result.mended()),
        result.after());
  }

  /** Writes it. */
  void write(OutputStream out) throws IOException {
    try (JsonGenerator g = Json.generator(out)) {
      g.writeStartObject();
      g.writeNumberField("schemaVersion", SCHEMA_VERSION);
      g.writeStringField(MendDirectory.MODEL, model);
      g.writeStringField("scheme", scheme.toString());
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
