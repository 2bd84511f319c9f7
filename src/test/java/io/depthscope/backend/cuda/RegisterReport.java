package io.depthscope.backend.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Registers, local and shared memory of all kernels, as a table, as Markdown and as JSON. Runs as a
 * program for {@code tools/build-kernels --registers} and {@code --report}, from source, so it uses
 * nothing but the JDK and JCuda.
 *
 * @param assembler the version of the assembler that says so
 * @param uses in the order of names and architectures
 */
record RegisterReport(String assembler, List<KernelUse> uses) {
  /** One image for one architecture. */
  private record Task(PtxImage image, int architecture) {}

  RegisterReport {
    uses =
        uses.stream()
            .sorted(
                Comparator.comparing(KernelUse::kernel)
                    .thenComparingInt(KernelUse::architecture)
                    .thenComparingInt(KernelUse::registers))
            .toList();
  }

  /** Assembles for each architecture what is loaded there: the newest image of each source. */
  static RegisterReport assemble(List<PtxImage> images, int... architectures) {
    List<Task> tasks = new ArrayList<>();
    for (int architecture : architectures) {
      Map<String, PtxImage> newest = new TreeMap<>();
      for (PtxImage image : images) {
        if (image.architecture() <= architecture) {
          newest.merge(
              image.source(), image, (a, b) -> a.architecture() > b.architecture() ? a : b);
        }
      }
      newest.values().forEach(image -> tasks.add(new Task(image, architecture)));
    }
    List<KernelUse> uses =
        tasks.parallelStream()
            .flatMap(
                t ->
                    KernelUse.parse(
                        PtxAssembler.assemble(t.image.name(), t.image.text(), t.architecture),
                        t.image.threads())
                        .stream())
            .toList();
    return new RegisterReport(PtxAssembler.version(), uses);
  }

  /** A line for each kernel that spills or has a stack frame, but for those named. */
  List<String> localMemory(TreeSet<String> allowed) {
    return uses.stream()
        .filter(u -> u.usesLocalMemory() && !allowed.contains(u.kernel()))
        .map(
            u ->
                String.format(
                    Locale.ROOT,
                    "%s on sm_%d: %d bytes of stack, %d spilled, %d registers",
                    u.kernel(),
                    u.architecture(),
                    u.stackBytes(),
                    u.spillBytes(),
                    u.registers()))
        .toList();
  }

  /** For people at a terminal: those with local memory first. */
  String table() {
    StringBuilder out = new StringBuilder();
    int width = uses.stream().mapToInt(u -> u.kernel().length()).max().orElse(6);
    String format = "%-" + width + "s %6s %9s %6s %6s %7s %7s %10s %9s %5s\n";
    out.append(
        String.format(
            Locale.ROOT,
            format,
            "kernel",
            "sm",
            "registers",
            "stack",
            "spills",
            "shared",
            "threads",
            "blocks/SM",
            "warps/SM",
            "%"));
    uses.stream()
        .sorted(Comparator.comparing(u -> !u.usesLocalMemory()))
        .forEach(
            u ->
                out.append(
                    String.format(
                        Locale.ROOT,
                        format,
                        u.kernel(),
                        u.architecture(),
                        u.registers(),
                        u.stackBytes(),
                        u.spillBytes(),
                        u.sharedBytes(),
                        u.threads(),
                        u.blocks(),
                        u.warps(),
                        u.occupancyPercent())));
    return out.toString();
  }

  String json() {
    StringBuilder out = new StringBuilder();
    out.append("{\n \"assembler\": \"").append(assembler).append("\",\n \"kernels\": [");
    String comma = "\n";
    for (KernelUse u : uses) {
      out.append(comma)
          .append(
              String.format(
                  Locale.ROOT,
                  "  {\"kernel\": \"%s\", \"sm\": %d, \"threads\": %d, \"registers\": %d,"
                      + " \"stackBytes\": %d, \"spillBytes\": %d, \"sharedBytes\": %d,"
                      + " \"blocksPerSm\": %d, \"warpsPerSm\": %d}",
                  u.kernel(),
                  u.architecture(),
                  u.threads(),
                  u.registers(),
                  u.stackBytes(),
                  u.spillBytes(),
                  u.sharedBytes(),
                  u.blocks(),
                  u.warps()));
      comma = ",\n";
    }
    return out.append("\n ]\n}\n").toString();
  }

  /** One row a kernel, one column an architecture: registers and warps that run at a time. */
  String markdown() {
    TreeSet<Integer> architectures = new TreeSet<>();
    Map<String, Map<Integer, KernelUse>> kernels = new TreeMap<>();
    for (KernelUse u : uses) {
      architectures.add(u.architecture());
      kernels.computeIfAbsent(u.kernel(), k -> new TreeMap<>()).put(u.architecture(), u);
    }
    StringBuilder out = new StringBuilder();
    out.append("# Registers of the kernels\n\n");
    out.append(
        "Written by `tools/build-kernels --report` from the committed PTX with the assembler");
    out.append(" of CUDA ").append(assembler).append(".\n");
    out.append("A driver assembles the PTX itself and may differ.\n\n");
    out.append("A cell is registers a thread, then warps that fit on a multiprocessor at a time.");
    out.append(" **Bold**: the kernel needs\nlocal memory (bytes of stack + bytes spilled).\n\n");
    out.append("| kernel | threads | shared bytes |");
    architectures.forEach(a -> out.append(" sm_").append(a).append(" |"));
    out.append("\n|---|--:|--:|").append("--:|".repeat(architectures.size())).append('\n');
    kernels.forEach(
        (kernel, by) -> {
          KernelUse any = by.values().iterator().next();
          out.append("| `").append(kernel).append("` | ").append(any.threads());
          out.append(" | ").append(any.sharedBytes()).append(" |");
          for (int a : architectures) {
            KernelUse u = by.get(a);
            out.append(u == null ? " |" : " " + cell(u) + " |");
          }
          out.append('\n');
        });
    return out.toString();
  }

  private static String cell(KernelUse u) {
    String cell = u.registers() + ", " + u.warps();
    return u.usesLocalMemory()
        ? "**" + cell + " (" + u.stackBytes() + " + " + u.spillBytes() + ")**"
        : cell;
  }

  /** Writes registers.json and registers.md. */
  void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("registers.json"), json());
    Files.writeString(folder.resolve("registers.md"), markdown());
  }

  private RegisterReport matching(String kernels) {
    Pattern pattern = Pattern.compile(kernels);
    return new RegisterReport(
        assembler, uses.stream().filter(u -> pattern.matcher(u.kernel()).find()).toList());
  }

  /**
   * Arguments: {@code IMAGES table KERNELS ARCHITECTURE...}, {@code IMAGES logs KERNELS LOG...} (of
   * another assembler, for the same kernels) or {@code IMAGES report FOLDER}. KERNELS is a regular
   * expression.
   */
  public static void main(String[] arguments) throws IOException {
    List<PtxImage> images = PtxImage.readAll(Path.of(arguments[0]));
    String[] rest = Arrays.copyOfRange(arguments, 3, arguments.length);
    switch (arguments[1]) {
      case "table" -> {
        int[] architectures = Arrays.stream(rest).mapToInt(Integer::parseInt).toArray();
        Pattern wanted = Pattern.compile(arguments[2]);
        List<PtxImage> some =
            images.stream()
                .filter(i -> i.kernels().keySet().stream().anyMatch(wanted.asPredicate()))
                .toList();
        System.out.print(
            assemble(some, architectures.length > 0 ? architectures : PtxAssembler.ARCHITECTURES)
                .matching(arguments[2])
                .table());
      }
      case "logs" -> {
        Map<String, Integer> threads = new TreeMap<>();
        images.forEach(i -> threads.putAll(i.threads()));
        List<KernelUse> uses = new ArrayList<>();
        for (String log : rest) {
          uses.addAll(KernelUse.parse(Files.readString(Path.of(log)), threads));
        }
        System.out.print(new RegisterReport("of the logs", uses).matching(arguments[2]).table());
      }
      case "report" -> assemble(images, PtxAssembler.ARCHITECTURES).write(Path.of(arguments[2]));
      default -> throw new IllegalArgumentException(arguments[1]);
    }
  }
}
