package io.depthscope.graph.exchange.lowering;

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
import io.depthscope.quant.QuantSpec;
import io.depthscope.tensor.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes a network of what a file says, whatever its format. */
public final class ModelImport {
  private static final int USUAL_RESOLUTION = 224;
  private static final int LEAST_PHOTOGRAPH = 96;
  private static final double CROP_SHARE = 0.875;
  private static final int MOST_NAMED = 3;

  private final FileGraph file;
  private final LoadOptions options;
  private final List<Setting> settings = new ArrayList<>();
  private final Map<FileNode, List<Value.Constant>> computed = new IdentityHashMap<>();

  private ModelImport(FileGraph file, LoadOptions options) {
    this.file = file;
    this.options = options;
  }

  /**
   * What of a model file does not stand in its graph.
   *
   * @param format the family and the naming of the network, such as {@code onnx}
   * @param title of the format in messages, with its article
   * @param path the file; for a model in memory, the name it was given
   * @param sha256 of its bytes, lower-case hexadecimal
   * @param configuration what fixes the network beside those bytes; may be empty
   * @param settings what the reader has to say of it
   */
  public record Origin(
      String format,
      String title,
      Path path,
      String sha256,
      String configuration,
      List<Setting> settings) {
    public Origin {
      settings = List.copyOf(settings);
    }
  }

  /**
   * Makes a network of a graph.
   *
   * @throws ModelFormatException if it holds what cannot be run, or does not fit the options; the
   *     message is one line
   */
  public static LoadedModel load(FileGraph file, Origin origin, LoadOptions options)
      throws ModelFormatException {
    if (options.family().isPresent() || options.activation().isPresent()) {
      throw new ModelFormatException(
          file.file(),
          "is " + origin.title() + ", which tells its layers itself: no --family, no --activation");
    }
    return new ModelImport(file, options).load(origin);
  }

  private LoadedModel load(Origin origin) throws ModelFormatException {
    int[] extents = extents();
    InputLayout input = layout(extents);
    Lowering.Lowered lowered = lowering(input, false).lower(networkName(origin));
    Network network;
    CleanUp.Cleaned cleaned;
    try {
      cleaned = CleanUp.all(lowered.draft());
      network = cleaned.draft().network();
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new ModelFormatException(file.file(), e.getMessage(), e);
    }
    QuantSpec spec = cleaned.draft().spec(network);
    describe(cleaned, lowered.tail());
    describe(spec);
    settings.addAll(origin.settings());
    return new LoadedModel(
        origin.format(),
        origin.format(),
        network,
        origin.sha256(),
        Map.of(),
        "input " + Arrays.toString(extents) + origin.configuration(),
        settings,
        images(network.graph().inputShape()),
        origin.path(),
        new FileTensors(
            file.input(), input.shape(), input.order(), orders(cleaned.draft()), lowered.tail()),
        Optional.of(spec).filter(s -> !s.equals(QuantSpec.NONE)));
  }

  private static String networkName(Origin origin) {
    Path last = origin.path().getFileName();
    String name = last == null ? "" : last.toString().replaceFirst("\\.[A-Za-z0-9]+$", "");
    String plain = name.replaceAll("[^A-Za-z0-9._-]", "_");
    return plain.isEmpty() || plain.startsWith(".") ? origin.format() + plain : plain;
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
          file.file(), "its input has " + extents.length + " axes; networks of 2 to 4 can be run");
    }
    extents[0] = 1;
    Optional<List<Integer>> given = options.inputExtents();
    if (given.isPresent() && given.get().size() != extents.length) {
      throw new ModelFormatException(
          file.file(),
          "its input has " + extents.length + " axes, what is given has " + given.get().size());
    }
    boolean last =
        file.channelsLast()
            || (extents.length == 4 && extents[3] > 0 && extents[3] <= 4 && extents[1] < 0);
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
              file.file(), "leaves extent " + i + " of its input open, and nothing states it");
        }
        extents[i] = position ? USUAL_RESOLUTION : 3;
        settings.add(
            new Setting(
                "extent " + i + " of the input",
                Integer.toString(extents[i]),
                Setting.Origin.DEFAULT,
                "open in the file; usual"));
      }
    }
    try {
      if (NdArray.made(extents) < 1) {
        throw new ModelFormatException(file.file(), "its input is empty");
      }
    } catch (IllegalArgumentException e) {
      throw new ModelFormatException(file.file(), "its input: " + e.getMessage(), e);
    }
    return extents;
  }

  private ModelFormatException fixed(int axis, int extent, int stated) {
    return new ModelFormatException(
        file.file(), "extent " + axis + " of its input is " + extent + ", not " + stated);
  }

  /** Reads the file once with the input as one row, up to the node that tells what it is. */
  private InputLayout layout(int[] extents) {
    InputLayout row = InputLayout.row(extents);
    try {
      lowering(row, true).lower("probe");
    } catch (Sketch.LayoutFound found) {
      return InputLayout.of(extents, found.view(), file.channelsLast());
    } catch (ModelFormatException e) {
      return InputLayout.usual(
          extents, file.channelsLast()); // the second reading says what is wrong
    }
    return InputLayout.usual(extents, file.channelsLast());
  }

  private void describe(QuantSpec spec) {
    if (!spec.equals(QuantSpec.NONE)) {
      settings.add(
          new Setting(
              "quantization",
              spec.outputs().size() + " outputs, weights of " + spec.weights().size() + " layers",
              Setting.Origin.FILE,
              "the file's own scales"));
    }
  }

  private Lowering lowering(InputLayout input, boolean probing) throws ModelFormatException {
    try {
      return new Lowering(file, computed, input.shape(), input.order(), probing);
    } catch (Refused e) {
      throw new ModelFormatException(file.file(), "its input: " + e.getMessage(), e);
    }
  }

  private void describe(CleanUp.Cleaned cleaned, Tail tail) {
    for (CleanUp.Applied applied : cleaned.applied()) {
      settings.add(
          new Setting(
              applied.pass().words(),
              applied.changed().size() + (applied.changed().size() == 1 ? " node" : " nodes"),
              Setting.Origin.FILE,
              some(applied.changed())));
    }
    if (!tail.steps().isEmpty()) {
      settings.add(
          new Setting(
              "cut off",
              String.join(", ", tail.steps().stream().map(Tail.Step::word).distinct().toList()),
              Setting.Origin.FILE,
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

  /** How photographs are read unless options say otherwise: files of networks do not tell. */
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
