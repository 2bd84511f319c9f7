package io.depthscope.graph.exchange.onnx;

import io.depthscope.file.FileErrors;
import io.depthscope.file.Sha256;
import io.depthscope.graph.Network;
import io.depthscope.graph.draft.CleanUp;
import io.depthscope.graph.draft.Draft;
import io.depthscope.graph.draft.DraftNode;
import io.depthscope.graph.draft.FileTensors;
import io.depthscope.graph.draft.NdArray;
import io.depthscope.graph.draft.Tail;
import io.depthscope.graph.draft.View;
import io.depthscope.graph.exchange.ImageSettings;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.graph.exchange.ModelFormatException;
import io.depthscope.graph.exchange.Setting;
import io.depthscope.graph.exchange.Setting.Origin;
import io.depthscope.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Loads a network with its weights from an ONNX file. */
public final class OnnxModel {
  /** The family of networks that are as their file has them. */
  public static final String FAMILY = "onnx";

  private static final int USUAL_RESOLUTION = 224;
  private static final int LEAST_PHOTOGRAPH = 96;
  private static final double CROP_SHARE = 0.875;
  private static final int MOST_NAMED = 3;

  private final OnnxFile file;
  private final LoadOptions options;
  private final TensorData tensors;
  private final List<Setting> settings = new ArrayList<>();

  private OnnxModel(OnnxFile file, LoadOptions options, TensorData tensors) {
    this.file = file;
    this.options = options;
    this.tensors = tensors;
  }

  /**
   * Loads a file on disk; tensors kept in other files are read from its folder.
   *
   * @throws ModelFormatException if it cannot be read, is no sound ONNX model, or holds what cannot
   *     be run; the message is one line
   */
  public static LoadedModel load(Path path, LoadOptions options) throws ModelFormatException {
    byte[] bytes;
    try {
      if (Files.isDirectory(path)) {
        throw new ModelFormatException(path.toString(), "is a directory");
      }
      bytes = Files.readAllBytes(path);
    } catch (ModelFormatException e) {
      throw e;
    } catch (IOException e) {
      throw new ModelFormatException(path.toString(), FileErrors.reason(e), e);
    }
    Path folder = path.toAbsolutePath().normalize().getParent();
    return load(path.toString(), bytes, Optional.ofNullable(folder), options);
  }

  /**
   * Loads a file in memory.
   *
   * @param name stands for the file in messages
   * @throws ModelFormatException as the other
   */
  public static LoadedModel load(String name, byte[] bytes, LoadOptions options)
      throws ModelFormatException {
    return load(name, bytes, Optional.empty(), options);
  }

  private static LoadedModel load(
      String name, byte[] bytes, Optional<Path> folder, LoadOptions options)
      throws ModelFormatException {
    if (options.family().isPresent() || options.activation().isPresent()) {
      throw new ModelFormatException(
          name, "is an ONNX model, which tells its layers itself: no --family, no --activation");
    }
    MessageDigest external = Sha256.begin();
    TensorData tensors = new TensorData(folder, external);
    OnnxFile file = OnnxFile.parse(name, bytes, tensors);
    LoadedModel loaded = new OnnxModel(file, options, tensors).load(bytes);
    return tensors.readExternal()
        ? loaded.withConfiguration(
            loaded.configuration() + " external data " + Sha256.hex(external.digest()))
        : loaded;
  }

  private LoadedModel load(byte[] bytes) throws ModelFormatException {
    int[] extents = extents();
    OnnxConstants constants = new OnnxConstants(tensors);
    Map<OnnxNode, List<NdArray>> computed = new IdentityHashMap<>();
    InputLayout input = layout(extents, constants, computed);
    Path path = Path.of(file.name());
    Lowering.Lowered lowered =
        new Lowering(file, constants, computed, input.shape(), input.order(), false)
            .lower(networkName(path));
    Network network;
    CleanUp.Cleaned cleaned;
    try {
      cleaned = CleanUp.all(lowered.draft());
      network = cleaned.draft().network();
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new ModelFormatException(file.name(), e.getMessage(), e);
    }
    describe(cleaned, lowered.tail());
    return new LoadedModel(
        FAMILY,
        FAMILY,
        network,
        Sha256.of(bytes),
        Map.of(),
        "input " + Arrays.toString(extents),
        settings,
        images(network.graph().inputShape()),
        path,
        new FileTensors(
            file.input(), input.shape(), input.order(), orders(cleaned.draft()), lowered.tail()));
  }

  private static String networkName(Path path) {
    Path last = path.getFileName();
    String name = last == null ? "" : last.toString().replaceFirst("\\.onnx$", "");
    String plain = name.replaceAll("[^A-Za-z0-9._-]", "_");
    return plain.isEmpty() || plain.startsWith(".") ? FAMILY + plain : plain;
  }

  private static Map<String, View> orders(Draft draft) {
    Map<String, View> orders = new HashMap<>();
    for (DraftNode node : draft.nodes()) {
      orders.put(node.name(), node.order());
    }
    return orders;
  }

  /** Extents of the input for one image, the batch of 1 among them. */
  private int[] extents() throws ModelFormatException {
    int[] extents = file.extents().clone();
    if (extents.length < 2 || extents.length > 4) {
      throw new ModelFormatException(
          file.name(), "its input has " + extents.length + " axes; networks of 2 to 4 can be run");
    }
    extents[0] = 1;
    Optional<List<Integer>> given = options.inputExtents();
    if (given.isPresent() && given.get().size() != extents.length) {
      throw new ModelFormatException(
          file.name(),
          "its input has " + extents.length + " axes, what is given has " + given.get().size());
    }
    boolean last = extents.length == 4 && extents[3] > 0 && extents[3] <= 4 && extents[1] < 0;
    int channelAxis = last ? 3 : 1;
    for (int i = 1; i < extents.length; i++) {
      boolean position = extents.length == 4 && i != channelAxis;
      if (given.isPresent()) {
        int stated = given.get().get(i);
        if (extents[i] > 0 && extents[i] != stated) {
          throw fixed(i, extents[i], stated);
        }
        extents[i] = stated;
      } else if (position && options.resolution().isPresent()) {
        int stated = options.resolution().getAsInt();
        if (extents[i] > 0 && extents[i] != stated) {
          throw fixed(i, extents[i], stated);
        }
        extents[i] = stated;
      } else if (extents[i] < 0) {
        if (extents.length != 4) {
          throw new ModelFormatException(
              file.name(), "leaves extent " + i + " of its input open, and nothing states it");
        }
        extents[i] = position ? USUAL_RESOLUTION : 3;
        settings.add(
            new Setting(
                "extent " + i + " of the input",
                Integer.toString(extents[i]),
                Origin.DEFAULT,
                "open in the file; usual"));
      }
    }
    try {
      if (NdArray.made(extents) < 1) {
        throw new ModelFormatException(file.name(), "its input is empty");
      }
    } catch (IllegalArgumentException e) {
      throw new ModelFormatException(file.name(), "its input: " + e.getMessage(), e);
    }
    return extents;
  }

  private ModelFormatException fixed(int axis, int extent, int stated) {
    return new ModelFormatException(
        file.name(), "extent " + axis + " of its input is " + extent + ", not " + stated);
  }

  /** Reads the file once with the input as one row, up to the node that tells what it is. */
  private InputLayout layout(
      int[] extents, OnnxConstants constants, Map<OnnxNode, List<NdArray>> computed) {
    InputLayout row = InputLayout.row(extents);
    try {
      new Lowering(file, constants, computed, row.shape(), row.order(), true).lower("probe");
    } catch (Sketch.LayoutFound found) {
      return InputLayout.of(extents, found.view());
    } catch (ModelFormatException e) {
      return InputLayout.usual(extents); // the second reading says what is wrong
    }
    return InputLayout.usual(extents);
  }

  private void describe(CleanUp.Cleaned cleaned, Tail tail) {
    for (CleanUp.Applied applied : cleaned.applied()) {
      settings.add(
          new Setting(
              applied.pass().words(),
              applied.changed().size() + (applied.changed().size() == 1 ? " node" : " nodes"),
              Origin.FILE,
              some(applied.changed())));
    }
    if (!tail.steps().isEmpty()) {
      settings.add(
          new Setting(
              "cut off",
              String.join(", ", tail.steps().stream().map(Tail.Step::word).distinct().toList()),
              Origin.FILE,
              "comes after what is measured: "
                  + some(tail.steps().stream().map(Tail.Step::name).toList())));
    }
  }

  private static String some(List<String> names) {
    String first =
        String.join(
            ", ", names.stream().limit(MOST_NAMED).map(ModelFormatException::shortened).toList());
    return names.size() > MOST_NAMED ? first + ", ..." : first;
  }

  /** How photographs are read unless options say otherwise: an ONNX file does not tell. */
  private static Optional<ImageSettings> images(Shape in) {
    if (in.channels() != 3) {
      return Optional.empty();
    }
    boolean photographs = in.height() == in.width() && in.height() >= LEAST_PHOTOGRAPH;
    return Optional.of(
        new ImageSettings(
            photographs ? Optional.of(new ImageSettings.CropShare(CROP_SHARE)) : Optional.empty(),
            Optional.of(Collections.nCopies(3, 0.0)),
            Optional.of(Collections.nCopies(3, 255.0)),
            Optional.empty(),
            "assumed, since the file does not tell; --mean, --std, --input-range"));
  }
}
