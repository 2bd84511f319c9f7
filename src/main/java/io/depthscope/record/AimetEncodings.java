package io.depthscope.record;

import com.fasterxml.jackson.core.JsonGenerator;
import io.depthscope.graph.Network;
import io.depthscope.graph.Node;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.QuantSpec;
import io.depthscope.quant.RangeEstimator;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;

/**
 * A network's parameters as encodings of AIMET, by the names that the tensors have in the float
 * ONNX file: {@code NODE} for outputs, {@code NODE.weight} for kernels.
 *
 * <p>AIMET counts codes from 0 on and adds a negative offset before it scales: value = (code +
 * offset) * scale, with 2^bitwidth codes.
 */
public final class AimetEncodings {
  private static final int FEWEST_BITS = 4;
  private static final String ACTIVATIONS = "activation_encodings";
  private static final String PARAMETERS = "param_encodings";

  /** Versions of the format. */
  public enum Version {
    V0_6_1("0.6.1"),
    V1_0_0("1.0.0");

    private final String text;

    Version(String text) {
      this.text = text;
    }
  }

  private final Version version;
  private final JsonGenerator g;

  private AimetEncodings(Version version, JsonGenerator g) {
    this.version = version;
    this.g = g;
  }

  /**
   * Writes them in the network's order.
   *
   * @param scheme of the most usual widths
   * @throws IllegalArgumentException naming the layer, if a tensor has fewer than 4 bits, for which
   *     there is no encoding
   */
  public static void write(
      Version version, Network network, QuantSpec spec, QuantScheme scheme, OutputStream out)
      throws IOException {
    try (JsonGenerator g = Json.generator(out)) {
      new AimetEncodings(version, g).write(network, spec, scheme);
    }
  }

  private void write(Network network, QuantSpec spec, QuantScheme scheme) throws IOException {
    g.writeStartObject();
    g.writeStringField("version", version.text);
    begin(ACTIVATIONS);
    for (Node node : network.graph().nodes()) {
      Optional<QuantParams> params = spec.output(node.name());
      if (params.isPresent()) {
        tensor(node.name(), List.of(params.get()), false);
      }
    }
    end();
    begin(PARAMETERS);
    for (Node node : network.graph().nodes()) {
      List<QuantParams> params = spec.weights(node.name()).map(w -> w.params()).orElse(List.of());
      if (!params.isEmpty()) {
        tensor(node.name() + ".weight", params, params.size() > 1);
      }
    }
    end();
    if (version == Version.V1_0_0) {
      g.writeArrayFieldStart("excluded_layers");
      g.writeEndArray();
    }
    arguments(scheme);
    g.writeEndObject();
  }

  private void begin(String field) throws IOException {
    g.writeFieldName(field);
    if (version == Version.V0_6_1) {
      g.writeStartObject();
    } else {
      g.writeStartArray();
    }
  }

  private void end() throws IOException {
    if (version == Version.V0_6_1) {
      g.writeEndObject();
    } else {
      g.writeEndArray();
    }
  }

  /** 2^bits codes from the lowest on, which hold those of a tensor. */
  private record Grid(int bits, int lowest) {
    static Grid of(String tensor, List<QuantParams> params) {
      int qmin = params.stream().mapToInt(QuantParams::qmin).min().orElseThrow();
      int qmax = params.stream().mapToInt(QuantParams::qmax).max().orElseThrow();
      for (int bits = FEWEST_BITS; bits <= QuantFormat.MAX_BITS; bits++) {
        int lowest = qmin < 0 ? -(1 << (bits - 1)) : 0;
        boolean enough = (long) qmax - qmin >= 1 << (FEWEST_BITS - 1);
        if (enough && qmin >= lowest && qmax < lowest + (1 << bits)) {
          return new Grid(bits, lowest);
        }
      }
      throw new IllegalArgumentException(
          "tensor "
              + tensor
              + " has the codes "
              + qmin
              + ".."
              + qmax
              + "; AIMET's encodings have 4 to 16 bits");
    }

    int offset(QuantParams p) {
      return lowest - p.zeroPoint();
    }

    boolean symmetric(QuantParams p) {
      return lowest < 0 && p.zeroPoint() == 0;
    }
  }

  private void tensor(String name, List<QuantParams> params, boolean perChannel)
      throws IOException {
    Grid grid = Grid.of(name, params);
    if (version == Version.V0_6_1) {
      g.writeArrayFieldStart(name);
      for (QuantParams p : params) {
        int offset = grid.offset(p);
        g.writeStartObject();
        g.writeStringField("dtype", "int");
        g.writeNumberField("bitwidth", grid.bits);
        g.writeStringField("is_symmetric", word(grid.symmetric(p)));
        g.writeNumberField("max", (offset + (1 << grid.bits) - 1) * (double) p.scale());
        g.writeNumberField("min", offset * (double) p.scale());
        g.writeNumberField("offset", offset);
        g.writeNumberField("scale", (double) p.scale());
        g.writeEndObject();
      }
      g.writeEndArray();
      return;
    }
    g.writeStartObject();
    g.writeStringField("name", name);
    g.writeStringField("enc_type", perChannel ? "PER_CHANNEL" : "PER_TENSOR");
    g.writeStringField("dtype", "INT");
    g.writeNumberField("bw", grid.bits);
    g.writeBooleanField("is_sym", params.stream().allMatch(grid::symmetric));
    g.writeArrayFieldStart("scale");
    for (QuantParams p : params) {
      g.writeNumber((double) p.scale());
    }
    g.writeEndArray();
    g.writeArrayFieldStart("offset");
    for (QuantParams p : params) {
      g.writeNumber(grid.offset(p));
    }
    g.writeEndArray();
    g.writeEndObject();
  }

  /** Python's words, which the format has. */
  private static String word(boolean value) {
    return value ? "True" : "False";
  }

  private void arguments(QuantScheme scheme) throws IOException {
    g.writeObjectFieldStart("quantizer_args");
    // What stays in float32 has the width of float32.
    g.writeNumberField(
        "activation_bitwidth", scheme.activations().map(QuantFormat::bits).orElse(32));
    g.writeNumberField("param_bitwidth", scheme.weights().map(QuantFormat::bits).orElse(32));
    g.writeStringField("dtype", "int");
    flag("is_symmetric", scheme.weights().map(QuantFormat::symmetric).orElse(false));
    flag("per_channel_quantization", scheme.granularity() == Granularity.PER_CHANNEL);
    g.writeStringField(
        "quant_scheme",
        switch (scheme.activationRange()) {
          case RangeEstimator.MinMax ignored -> "post_training_tf";
          case RangeEstimator.Percentile ignored -> "post_training_percentile";
          case RangeEstimator.MseOptimal ignored -> "post_training_tf_enhanced";
          // AIMET has none; its own search of a clipped range comes nearest.
          case RangeEstimator.Entropy ignored -> "post_training_tf_enhanced";
        });
    g.writeEndObject();
  }

  private void flag(String name, boolean value) throws IOException {
    if (version == Version.V0_6_1) {
      g.writeStringField(name, word(value));
    } else {
      g.writeBooleanField(name, value);
    }
  }
}
