package io.depthscope.run;

import com.fasterxml.jackson.core.JsonGenerator;
import io.depthscope.graph.Network;
import io.depthscope.graph.exchange.NetworkFile;
import io.depthscope.graph.exchange.onnx.OnnxWriter;
import io.depthscope.quant.QuantSpec;
import io.depthscope.record.AimetEncodings;
import io.depthscope.record.AtomicFile;
import io.depthscope.record.Json;
import io.depthscope.record.Run;
import io.depthscope.record.RunCsv;
import io.depthscope.record.RunLayer;
import io.depthscope.stats.Distribution;
import io.depthscope.stats.TensorStatistics;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Writes what was found, or what is to be run, as files of other programs. */
public final class Export {

  private static final double LEAST_NORM = Math.ulp(1.0);

  private Export() {}

  /**
   * Writes a network, or its parameters.
   *
   * @param spec how it is quantized; empty for the network in float32
   * @param stated of how it reads images
   * @param codedBias biases of an ONNX file in int32
   * @throws IOException if the file cannot be written
   * @throws IllegalArgumentException if the format cannot hold the network, naming the layer
   */
  public static void network(
      ExportFormat format,
      Subject subject,
      StatedImages stated,
      Optional<QuantSpec> spec,
      boolean codedBias,
      Path target)
      throws IOException {
    Network network = subject.model().network();
    switch (format) {
      case SAFETENSORS ->
          wholeNetwork(
              subject,
              stated,
              network,
              spec.orElse(QuantSpec.NONE),
              NetworkFile.remedies(subject.model()),
              target);
      case ONNX -> {
        byte[] bytes =
            spec.isPresent()
                ? OnnxWriter.write(network, spec.get(), codedBias)
                : OnnxWriter.write(network);
        AtomicFile.write(target, out -> out.write(bytes));
      }
      case AIMET_0_6_1, AIMET_1_0_0 -> {
        AimetEncodings.Version version =
            format == ExportFormat.AIMET_0_6_1
                ? AimetEncodings.Version.V0_6_1
                : AimetEncodings.Version.V1_0_0;
        QuantSpec how = spec.orElseThrow();
        AtomicFile.write(
            target,
            out ->
                AimetEncodings.write(
                    version, network, how, new Quantization.AsStored(how).scheme(), out));
      }
      default -> throw new IllegalArgumentException(format.word() + " is not made of a network");
    }
  }

  /**
   * Writes a network with all that its file can say.
   *
   * @param subject what it is, or was made of, and how it reads images
   * @param stated of the latter
   * @param spec {@link QuantSpec#NONE} if codes of weights are those of rounding to the nearest
   * @param remedies names of those that were used on it
   */
  static void wholeNetwork(
      Subject subject,
      StatedImages stated,
      Network network,
      QuantSpec spec,
      List<String> remedies,
      Path target)
      throws IOException {
    NetworkFile.About about =
        new NetworkFile.About(
            subject.model().family(),
            subject.images().map(p -> stated.written(subject.model(), p)),
            remedies);
    AtomicFile.write(target, out -> NetworkFile.write(out, network, about, spec));
  }

  /**
   * Writes figures of a run.
   *
   * @throws IOException if the file cannot be written
   */
  public static void run(ExportFormat format, Run run, Path target) throws IOException {
    AtomicFile.write(
        target,
        out -> {
          switch (format) {
            case LAYERS -> RunCsv.writeLayers(run, out);
            case CHANNELS -> RunCsv.writeChannels(run, out);
            case AIMET_MSE -> losses(run, out);
            case ORT -> errors(run, out);
            default -> throw new IllegalArgumentException(format.word() + " is not made of a run");
          }
        });
  }

  /** Mean squared error by layer, of layers that compute something. */
  private static void losses(Run run, OutputStream out) throws IOException {
    try (JsonGenerator g = Json.generator(out)) {
      g.writeStartObject();
      for (RunLayer l : run.layers()) {
        if (l.params().isPresent() && !l.identity().inputs().isEmpty()) {
          g.writeNumberField(l.identity().name(), l.error().mse());
        }
      }
      g.writeEndObject();
    }
  }

  /** 20 log10(|x| / |x - xq|) by tensor, neither norm below the epsilon of float64. */
  private static void errors(Run run, OutputStream out) throws IOException {
    try (JsonGenerator g = Json.generator(out)) {
      g.writeStartObject();
      for (RunLayer l : run.layers()) {
        if (l.params().isPresent()) {
          g.writeObjectFieldStart(l.identity().name());
          g.writeNumberField("xmodel_err", error(l));
          g.writeEndObject();
        }
      }
      g.writeEndObject();
    }
  }

  private static double error(RunLayer l) {
    if (Double.isFinite(l.error().sqnrDb())) {
      return l.error().sqnrDb();
    }
    TensorStatistics x = l.fp32().statistics();
    Distribution d = x.distribution();
    double norm = Math.sqrt(x.count() * (d.variance() + d.mean() * d.mean()));
    double noise = Math.sqrt(x.count() * l.error().mse());
    return 20 * Math.log10(Math.max(norm, LEAST_NORM) / Math.max(noise, LEAST_NORM));
  }
}
