package io.depthscope.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.depthscope.backend.cuda.KernelCatalog;
import io.depthscope.backend.cuda.KernelImages;
import io.depthscope.device.Device;
import io.depthscope.device.DeviceException;
import io.depthscope.device.DeviceInfo;
import io.depthscope.device.KernelSpec;
import io.depthscope.device.LibraryProbe;
import io.depthscope.device.jcuda.JCudaDevices;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows what can be computed on besides the CPU. */
@Command(
    name = "devices",
    mixinStandardHelpOptions = true,
    description =
        "Show the GPUs of this machine, and which libraries for them load and why others do not.")
final class DevicesCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Print one JSON object, for scripts.")
  private boolean json;

  @Option(names = "--kernels", description = "List the kernels too, with or without a GPU.")
  private boolean kernels;

  /**
   * A GPU and what opening it said.
   *
   * @param freeBytes -1 where it cannot be opened
   * @param reason why it cannot; empty if it can
   */
  private record Gpu(DeviceInfo info, long freeBytes, String reason) {
    static Gpu of(DeviceInfo info) {
      try (Device device = JCudaDevices.open(info.ordinal())) {
        return new Gpu(info, device.freeBytes(), "");
      } catch (DeviceException e) {
        return new Gpu(info, -1, e.getMessage());
      }
    }
  }

  @Override
  public Integer call() throws IOException {
    List<Gpu> gpus = new ArrayList<>();
    String reason = "";
    try {
      JCudaDevices.list().forEach(info -> gpus.add(Gpu.of(info)));
    } catch (DeviceException e) {
      reason = e.getMessage();
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(json(gpus, JCudaDevices.probe(), reason));
    } else if (!reason.isEmpty()) {
      out.println(Main.oneLine(reason));
    } else {
      print(gpus, JCudaDevices.probe(), out);
    }
    if (kernels && !json) {
      printKernels(out);
    }
    return 0;
  }

  private static void print(List<Gpu> gpus, List<LibraryProbe> libraries, PrintWriter out) {
    TextTable table = new TextTable(3, "GPU", "name", "chip", "multiprocessors", "memory", "free");
    for (Gpu gpu : gpus) {
      DeviceInfo info = gpu.info();
      table.row(
          Integer.toString(info.ordinal()),
          Main.oneLine(info.name()),
          "sm_" + info.capability(),
          Integer.toString(info.multiprocessors()),
          gib(info.memoryBytes()),
          gpu.freeBytes() < 0 ? "?" : gib(gpu.freeBytes()));
    }
    table.lines().forEach(out::println);
    for (Gpu gpu : gpus) {
      if (!gpu.reason().isEmpty()) {
        out.println("GPU " + gpu.info().ordinal() + ": " + Main.oneLine(gpu.reason()));
      }
    }
    out.println();
    TextTable loads = new TextTable(3, "library", "loads", "");
    for (LibraryProbe library : libraries) {
      loads.row(library.name(), library.loads() ? "yes" : "no", Main.oneLine(library.detail()));
    }
    for (Gpu gpu : gpus) {
      Images images = Images.of(gpu.info());
      String name = "kernels, GPU " + gpu.info().ordinal();
      loads.row(name, images.run() ? "yes" : "no", images.detail());
    }
    loads.lines().forEach(out::println);
  }

  private static void printKernels(PrintWriter out) {
    TextTable table = new TextTable(2, "source", "kernel", "threads");
    for (KernelSpec kernel : KernelCatalog.all()) {
      table.row(kernel.file() + ".cu", kernel.symbol(), Integer.toString(kernel.threads()));
    }
    out.println();
    table.lines().forEach(out::println);
  }

  /**
   * The images of the kernels for a GPU.
   *
   * @param run whether there are any that it runs
   * @param detail which, or why there are none
   */
  private record Images(boolean run, String detail) {
    static Images of(DeviceInfo info) {
      try {
        String files =
            KernelImages.forCapability(info.capability()).stream()
                .map(KernelImages::target)
                .collect(Collectors.groupingBy(t -> t, TreeMap::new, Collectors.counting()))
                .entrySet()
                .stream()
                .map(e -> e.getValue() + " files for " + e.getKey())
                .collect(Collectors.joining(", "));
        return new Images(true, files + ", " + KernelCatalog.all().size() + " kernels");
      } catch (DeviceException e) {
        return new Images(false, e.getMessage());
      }
    }
  }

  private static String gib(long bytes) {
    return String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1L << 30));
  }

  private static String json(List<Gpu> gpus, List<LibraryProbe> libraries, String reason)
      throws IOException {
    ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    ObjectNode root = mapper.createObjectNode();
    ArrayNode devices = root.putArray("devices");
    for (Gpu gpu : gpus) {
      DeviceInfo info = gpu.info();
      ObjectNode device = devices.addObject();
      device.put("number", info.ordinal());
      device.put("name", info.name());
      device.put("capability", info.capability());
      device.put("multiprocessors", info.multiprocessors());
      device.put("memoryBytes", info.memoryBytes());
      if (gpu.freeBytes() >= 0) {
        device.put("freeBytes", gpu.freeBytes());
      }
      device.put("driverCuda", info.driverText());
      device.put("kernels", Images.of(info).detail());
      if (!gpu.reason().isEmpty()) {
        device.put("reason", gpu.reason());
      }
    }
    ArrayNode probes = root.putArray("libraries");
    for (LibraryProbe library : libraries) {
      ObjectNode probe = probes.addObject();
      probe.put("name", library.name());
      probe.put("loads", library.loads());
      probe.put(library.loads() ? "version" : "reason", library.detail());
    }
    ArrayNode all = root.putArray("kernels");
    for (KernelSpec kernel : KernelCatalog.all()) {
      all.addObject()
          .put("name", kernel.symbol())
          .put("source", kernel.file() + ".cu")
          .put("threads", kernel.threads());
    }
    if (!reason.isEmpty()) {
      root.put("reason", reason);
    }
    return mapper.writeValueAsString(root);
  }
}
