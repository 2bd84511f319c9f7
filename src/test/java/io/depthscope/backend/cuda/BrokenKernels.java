package io.depthscope.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * Kernels with a planted fault: the real sources with one place replaced, and an emulated driver
 * that runs them. A replacement must find its text exactly once, so that none of them can rot.
 *
 * @param what the fault, in words
 * @param file the source that is changed, under kernels/
 * @param kernels sources that are compiled anew; all others stay sound
 */
record BrokenKernels(String what, String file, String sound, String broken, List<String> kernels) {

  private static final Path KERNELS = Path.of("kernels");

  static final BrokenKernels SKIPS_THE_TAIL =
      new BrokenKernels(
          "skips the last position of a tile",
          "common/measure.cuh",
          "int end = min(first + p.rowsPerTile, positionsOf(p));",
          "int end = min(first + p.rowsPerTile, positionsOf(p)) - 1;",
          List.of("elementwise"));

  static final BrokenKernels SKIPS_THE_LAST_COLUMN =
      new BrokenKernels(
          "leaves out the last output column",
          "depthwise_conv.cu",
          "if (c < p.outStride && ox < p.outWidth) {",
          "if (c < p.outStride && ox < max(1, p.outWidth - 1)) {",
          List.of("depthwise_conv"));

  static final BrokenKernels ONE_PAST_THE_END =
      new BrokenKernels(
          "writes one element past the end",
          "common/measure.cuh",
          "      d.out[next - stride] = e.x;\n",
          "      d.out[next - stride] = e.x;\n      if (image == p.images - 1 && position == positionsOf(p) - 1 && channel == p.outStride - 1) {\n        d.out[next - stride + 1] = e.x;\n      }\n",
          List.of("elementwise"));

  static final BrokenKernels WRITES_NOTHING =
      new BrokenKernels(
          "writes no fp32 output",
          "common/measure.cuh",
          "      d.out[next - stride] = e.x;\n",
          "",
          List.of("depthwise_conv_any"));

  static final BrokenKernels ROUNDS_TOO_LATE =
      new BrokenKernels(
          "rounds after the zero point is added",
          "common/measure.cuh",
          "steps = q.steps(e.y);",
          "steps = rintf(e.y / p.scale - q.lowest) + q.lowest;",
          List.of("image_normalize"));

  static final BrokenKernels NO_BARRIER =
      new BrokenKernels(
          "reads shared sums before they are written",
          "common/statistics.cuh",
          "    scratch[w * THREADS + t] = words[w];\n  }\n  __syncthreads();\n",
          "    scratch[w * THREADS + t] = words[w];\n  }\n",
          List.of("depthwise_conv_any"));

  static final BrokenKernels WRONG_BIN =
      new BrokenKernels(
          "counts some values in the bin beside theirs",
          "common/block_histogram.cuh",
          "atomicAdd(&bits[inside ? index : 2 * WINDOW_BINS], 1u);",
          "atomicAdd(&bits[inside ? index + (index == 900u ? 1u : 0u) : 2 * WINDOW_BINS], 1u);",
          List.of("elementwise"));

  static final BrokenKernels ONE_IMAGE_A_TILE =
      new BrokenKernels(
          "records the first image of a tile alone",
          "common/measure.cuh",
          "works && image < firstTile + tiles; image += slots",
          "works && image < firstTile + min(tiles, 1); image += slots",
          List.of("depthwise_conv_any"));

  static final BrokenKernels NO_PADDING =
      new BrokenKernels(
          "takes the row above the image for one inside",
          "depthwise_conv.cu",
          "bool rowInside = (unsigned)y < (unsigned)p.inHeight;",
          "bool rowInside = y < p.inHeight;",
          List.of("depthwise_conv"));

  /** Caught by the command itself. */
  static final BrokenKernels FORGETS_A_MOMENT =
      new BrokenKernels(
          "leaves a term out of the third moment",
          "common/moments.cuh",
          "3.0 * d * (rest * b.m2 - share * m2);",
          "3.0 * d * (rest * b.m2);",
          List.of("statistics_merge"));

  /** As adding with float atomics would: whoever comes first. Caught by comparing batch sizes. */
  static final BrokenKernels ORDER_OF_BLOCKS =
      new BrokenKernels(
          "adds in an order that depends on the block",
          "common/statistics.cuh",
          "r += __uint_as_float(scratch[w * THREADS + at]);",
          "r += __uint_as_float(scratch[w * THREADS + ((int)blockIdx.x % 7 < 3 ? at : THREADS + 2 * lane - at)]);",
          List.of("image_normalize"));

  /** Caught by the first checks of {@code verify}. */
  static List<BrokenKernels> all() {
    return List.of(
        SKIPS_THE_TAIL,
        SKIPS_THE_LAST_COLUMN,
        ONE_PAST_THE_END,
        WRITES_NOTHING,
        ROUNDS_TOO_LATE,
        NO_BARRIER,
        WRONG_BIN,
        ONE_IMAGE_A_TILE,
        NO_PADDING);
  }

  /** As the name of a folder. */
  String name() {
    return what.replace(' ', '-');
  }

  @Override
  public String toString() {
    return what;
  }

  /**
   * Builds a driver with this fault. What a sound driver was built from is used again but for the
   * kernels named here.
   *
   * @param sound path of the sound driver's library
   * @return path of the broken driver's library
   */
  String build(Path sound, Path folder) throws IOException, InterruptedException {
    Path kernels = folder.resolve("kernels");
    try (Stream<Path> files = Files.walk(KERNELS)) {
      for (Path from : files.filter(f -> f.toString().matches(".*\\.cuh?")).toList()) {
        Path to = kernels.resolve(KERNELS.relativize(from).toString());
        Files.createDirectories(to.getParent());
        Files.copy(from, to, StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
    for (String kernel : this.kernels) { // one that has gone would leave the fault out
      assertTrue(Files.exists(kernels.resolve(kernel + ".cu")), kernel);
    }
    Path source = kernels.resolve(file);
    String text = Files.readString(source);
    assertEquals(2, text.split(java.util.regex.Pattern.quote(this.sound), -1).length, what);
    Files.writeString(source, text.replace(this.sound, broken));
    Path output = folder.resolve("driver");
    reuse(sound.resolveSibling("objects"), Files.createDirectories(output.resolve("objects")));
    Path log = folder.resolve("build.log");
    Process build =
        new ProcessBuilder(
                "bash", "tools/emulated-driver/build.sh", output.toString(), kernels.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertEquals(0, build.waitFor(), what + ": " + Files.readString(log, StandardCharsets.UTF_8));
    return output.resolve("libcuda.so.1").toString();
  }

  /**
   * Copies what was compiled from the sound sources. The folder of kernels stands among the flags
   * that the build remembers; were they not understood here, all would be compiled again.
   */
  private void reuse(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path object : files.toList()) {
        String name = object.getFileName().toString();
        boolean anew = kernels.stream().anyMatch(k -> name.startsWith(k + ".cu."));
        if (!anew && !name.equals("linked")) {
          Files.copy(object, to.resolve(name), StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
    }
    Path identity = to.resolve("identity");
    String broken = to.resolve("../../kernels").normalize().toString();
    Files.writeString(
        identity,
        Files.readString(identity)
            .replace("-I" + KERNELS.toAbsolutePath().normalize() + " ", "-I" + broken + " "));
  }
}
