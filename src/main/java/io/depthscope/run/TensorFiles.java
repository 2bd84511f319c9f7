package io.depthscope.run;

import io.depthscope.file.NpyHeader;
import io.depthscope.file.NpyWriter;
import io.depthscope.graph.draft.NdArray;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** NumPy files of many images each, all written image by image. */
final class TensorFiles implements AutoCloseable {
  private final int images;
  private final Map<Path, NpyWriter> open = new LinkedHashMap<>();

  TensorFiles(int images) {
    this.images = images;
  }

  /**
   * Writes the next image's tensor; its first axis, of extent 1, becomes that of the images.
   *
   * @param type of a tensor of integers; one of floats is written as float32
   */
  void append(Path file, NdArray tensor, NpyHeader.Type type) throws IOException {
    NpyWriter writer = open.get(file);
    if (writer == null) {
      List<Integer> extents = new ArrayList<>(Arrays.stream(tensor.dims()).boxed().toList());
      if (extents.isEmpty() || extents.getFirst() != 1) {
        extents.addFirst(1);
      }
      extents.set(0, images);
      writer =
          new NpyWriter(
              file, new NpyHeader(tensor.isFloat() ? NpyHeader.Type.FLOAT32 : type, extents));
      open.put(file, writer);
    }
    if (tensor.isFloat()) {
      writer.write(tensor.floats());
    } else {
      writer.write(tensor.integers());
    }
  }

  /** Says that every file holds all images. */
  void finish() {
    open.values().forEach(NpyWriter::finish);
  }

  @Override
  public void close() throws IOException {
    IOException failed = null;
    for (NpyWriter writer : open.values()) {
      try {
        writer.close();
      } catch (IOException e) {
        failed = e;
      }
    }
    if (failed != null) {
      throw failed;
    }
  }
}
