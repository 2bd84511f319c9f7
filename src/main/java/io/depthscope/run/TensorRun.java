package io.depthscope.run;

import com.fasterxml.jackson.core.JsonGenerator;
import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.InputBatch;
import io.depthscope.backend.Program;
import io.depthscope.dataset.Batches;
import io.depthscope.dataset.ImageBatch;
import io.depthscope.file.FileErrors;
import io.depthscope.file.NpyHeader;
import io.depthscope.file.Sha256;
import io.depthscope.graph.Graph;
import io.depthscope.graph.Network;
import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.draft.Tail;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.quant.QuantParams;
import io.depthscope.quant.QuantSpec;
import io.depthscope.record.AtomicFile;
import io.depthscope.record.Calibration;
import io.depthscope.record.Json;
import io.depthscope.record.RefusedOutputException;
import io.depthscope.record.RunFigures;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A network run on tensors from a file, its tensors written to others: to look at, or to hold
 * another program's against. Axes are in the order of the model's file, with the images first.
 *
 * @param all every node's output, not the file's outputs alone
 */
public record TensorRun(
    LoadedModel model, Quantization quantization, Machine machine, boolean all) {
  /** The list of what was written, in the folder. */
  public static final String LIST = "tensors.json";

  private static final String BASELINE = "fp32";
  private static final String CANDIDATE = "quantized";
  private static final int LONGEST_NAME = 180;

  /**
   * A tensor that is written.
   *
   * @param node whose output it is; -1 for an output of the file
   * @param params of its codes, if it has any
   */
  private record Written(String name, String file, int node, Optional<QuantParams> params) {}

  /**
   * Refuses a folder that holds anything else, or results that are not to be replaced.
   *
   * @throws RefusedOutputException if it does
   */
  public static void requireOurs(Path folder, boolean overwrite) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    if (!Files.isDirectory(folder)) {
      throw new RefusedOutputException(folder + " is no folder");
    }
    boolean ours = Files.isRegularFile(folder.resolve(LIST));
    try (Stream<Path> children = Files.list(folder)) {
      if (!ours && children.findAny().isPresent()) {
        throw new RefusedOutputException(
            folder + " holds other files; choose an empty or a new folder");
      }
    }
    if (ours && !overwrite) {
      throw new RefusedOutputException(
          folder + " holds tensors; --overwrite replaces them, or choose another --out");
    }
  }

  /**
   * Runs it.
   *
   * @param input images x the file's input
   * @throws IOException if the input does not fit the network, or a file cannot be read or written
   */
  public void run(Path input, Path folder) throws IOException {
    Graph graph = model.graph();
    TensorInput images = TensorInput.open(input, Optional.empty(), model.tensors());
    int count = images.size();
    Network network = all ? model.network().handingOutAll() : model.network();
    float[][] table = new float[graph.inputShape().channels()][256];
    QuantSpec spec = spec(table, images);
    List<Written> written = written(spec);
    replace(folder);
    int batch = Math.min(machine.batch(), count);
    Plan plan = Plan.of(network, table, spec, Feed.ACCUMULATED, Recording.PAIRED);
    try (Batches in = images.batches(0, count, batch);
        Program program = machine.backend().compile(plan, batch);
        TensorFiles files = new TensorFiles(count)) {
      for (ImageBatch some = in.next(); some != null; some = in.next()) {
        BatchOutput out = Program.await(program.submit(InputBatch.of(some)));
        int n = some.count();
        for (int i = 0; i < n; i++) {
          List<float[]> baseline = image(network.graph(), out.baseline(), i, n);
          write(written, files, folder.resolve(BASELINE), baseline, false);
          List<float[]> candidate = image(network.graph(), out.candidate(), i, n);
          write(written, files, folder.resolve(CANDIDATE), candidate, true);
        }
      }
      files.finish();
    }
    list(folder, written);
  }

  /** One image's outputs of a program, each of its own. */
  private static List<float[]> image(Graph graph, float[] outputs, int image, int images) {
    List<float[]> values = new ArrayList<>();
    int at = image * (outputs.length / images);
    for (int node : graph.outputs()) {
      int end = at + graph.shape(node).size();
      values.add(Arrays.copyOfRange(outputs, at, end));
      at = end;
    }
    return values;
  }

  /** How each tensor is quantized; ranges are those of the input itself. */
  private QuantSpec spec(float[][] table, TensorInput images) throws IOException {
    switch (quantization) {
      case Quantization.AsWritten written -> {
        return written.file().spec(model.network());
      }
      case Quantization.AsStored stored -> {
        return stored.spec();
      }
      case Quantization.ByScheme ignored -> {}
    }
    Plan fp32 = Plan.fp32(model.network(), table, Recording.CALIBRATION);
    Calibration calibration;
    int batch = Math.min(machine.batch(), images.size());
    try (Batches in = images.batches(0, images.size(), batch)) {
      calibration =
          new CalibrationPass(machine.backend(), fp32).run(in, batch, images.description());
    }
    return quantization.spec(model.network(), calibration);
  }

  private List<Written> written(QuantSpec spec) {
    Graph graph = model.graph();
    List<Written> list = new ArrayList<>();
    Set<String> names = new HashSet<>();
    Set<String> files = new HashSet<>();
    Tail tail = model.tensors().tail();
    for (Tail.Output o : tail.outputs()) {
      Optional<QuantParams> params = Optional.empty();
      if (o.value() < tail.sources().size()) {
        int node = graph.outputs().get(tail.sources().get(o.value()).output());
        params = spec.output(graph.node(node).name());
      }
      names.add(o.name());
      list.add(new Written(o.name(), fileName(o.name(), files), -1, params));
    }
    for (int node = 0; all && node < graph.size(); node++) {
      String name = graph.node(node).name();
      if (names.add(name)) {
        list.add(new Written(name, fileName(name, files), node, spec.output(name)));
      }
    }
    return list;
  }

  /** A name that any file system takes, unlike those before. */
  private static String fileName(String tensor, Set<String> taken) {
    String plain = tensor.replaceAll("[/\\\\\\p{Cntrl}]", "_");
    if (plain.isEmpty() || plain.startsWith(".")) {
      plain = "_" + plain;
    }
    if (plain.getBytes(StandardCharsets.UTF_8).length > LONGEST_NAME) {
      String digest = Sha256.of(tensor.getBytes(StandardCharsets.UTF_8)).substring(0, 8);
      plain = plain.substring(0, Math.min(plain.length(), LONGEST_NAME / 4)) + "-" + digest;
    }
    String name = plain;
    for (int n = 2; !taken.add(name); n++) {
      name = plain + "_" + n;
    }
    return name;
  }

  /**
   * Files in a folder that a run into it replaces: the tensors of an earlier one.
   *
   * @throws IOException if the folder cannot be read
   */
  public static List<Path> replaced(Path folder) throws IOException {
    List<Path> old = new ArrayList<>();
    if (Files.exists(folder.resolve(LIST))) {
      old.add(folder.resolve(LIST));
    }
    try {
      for (String stream : List.of(BASELINE, CANDIDATE)) {
        Path sub = folder.resolve(stream);
        if (Files.isDirectory(sub)) {
          try (Stream<Path> children = Files.list(sub)) {
            children.filter(p -> p.toString().endsWith(".npy")).forEach(old::add);
          }
        }
      }
    } catch (IOException e) {
      throw new IOException(folder + ": " + FileErrors.reason(e), e);
    }
    return old;
  }

  private static void replace(Path folder) throws IOException {
    List<Path> old = replaced(folder);
    try {
      for (Path each : old) { // the list first: without it nobody takes the rest for a whole
        Files.delete(each);
      }
      Files.createDirectories(folder.resolve(BASELINE));
      Files.createDirectories(folder.resolve(CANDIDATE));
    } catch (IOException e) {
      throw new IOException(folder + ": " + FileErrors.reason(e), e);
    }
  }

  /**
   * Writes one image's tensors.
   *
   * @param values outputs of the program
   */
  private void write(
      List<Written> written,
      TensorFiles files,
      Path folder,
      List<float[]> values,
      boolean quantized)
      throws IOException {
    Graph graph = model.graph();
    List<float[]> own = all ? graph.outputs().stream().map(values::get).toList() : values;
    Map<String, NdArray> outputs = model.tensors().tail().of(graph, own, quantized);
    for (Written w : written) {
      int node = w.node();
      NdArray tensor =
          node < 0
              ? outputs.get(w.name())
              : model.tensors().order(graph, node).gather(values.get(node), graph.shape(node));
      files.append(folder.resolve(w.file() + ".npy"), tensor, NpyHeader.Type.INT64);
      if (quantized && w.params().isPresent()) {
        QuantParams params = w.params().get();
        long[] q = params.quantize(tensor.floats());
        files.append(
            folder.resolve(w.file() + ".codes.npy"), NdArray.of(tensor.dims(), q), typeOf(params));
      }
    }
  }

  private static NpyHeader.Type typeOf(QuantParams p) {
    if (p.qmin() >= 0) {
      return p.qmax() <= 255 ? NpyHeader.Type.UINT8 : NpyHeader.Type.UINT16;
    }
    return p.qmin() >= -128 && p.qmax() <= 127 ? NpyHeader.Type.INT8 : NpyHeader.Type.INT16;
  }

  private void list(Path folder, List<Written> written) throws IOException {
    AtomicFile.write(
        folder.resolve(LIST),
        out -> {
          try (JsonGenerator g = Json.generator(out)) {
            g.writeStartObject();
            g.writeNumberField("schemaVersion", 1);
            g.writeStringField("model", model.file().toString());
            g.writeStringField("sha256", model.sha256());
            g.writeStringField("backend", machine.backend().name());
            g.writeStringField("scheme", quantization.scheme().name());
            g.writeArrayFieldStart("tensors");
            for (Written w : written) {
              g.writeStartObject();
              g.writeStringField("name", w.name());
              g.writeStringField("file", w.file() + ".npy");
              if (w.params().isPresent()) {
                RunFigures.PARAMS.write(g, w.params().get());
              }
              g.writeEndObject();
            }
            g.writeEndArray();
            g.writeEndObject();
          }
        });
  }
}
