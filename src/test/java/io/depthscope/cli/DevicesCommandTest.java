package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.depthscope.testkit.CLibrary;
import io.depthscope.testkit.JavaProcess;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every run is a process of its own, since a process loads one driver or none. */
class DevicesCommandTest {
  private static final String NO_DRIVER =
      "no GPU can be used: no NVIDIA driver is installed (libcuda.so.1 is not found)";
  private static final String LIBRARY = "libJCudaDriver-12.6.0-linux-x86_64.so";

  @TempDir private Path folder;

  private static JavaProcess devices(
      Map<String, String> environment, String driver, List<String> options, String... args) {
    List<String> all = new ArrayList<>(options);
    all.add("-Ddepthscope.cuda.driver=" + driver);
    List<String> line = new ArrayList<>(List.of("devices"));
    line.addAll(Arrays.asList(args));
    JavaProcess run = JavaProcess.run(environment, all, Main.class, line.toArray(String[]::new));
    for (String trace : List.of("\tat ", "Exception", "internal error")) {
      assertFalse(run.err().contains(trace) || run.out().contains(trace), run::toString);
    }
    return run;
  }

  private static JavaProcess devices(String driver, String... args) {
    return devices(Map.of(), driver, List.of(), args);
  }

  private String fakeDriver() {
    return CLibrary.build("fake_cuda.c", folder, "libcuda.so.1").toString();
  }

  private static void assertOneLine(JavaProcess run, String line) {
    assertEquals(0, run.exit(), run::toString);
    assertEquals(line + "\n", run.out(), run::toString);
  }

  /** Prints whether the system's loader finds a library. */
  static final class Finder {
    private Finder() {}

    @SuppressWarnings("restricted")
    public static void main(String[] args) {
      try {
        SymbolLookup.libraryLookup(args[0], Arena.global());
        System.out.println("found");
      } catch (IllegalArgumentException e) {
        System.out.println("missing");
      }
    }
  }

  /** Asked in another process, since this one may have loaded an emulated driver by its path. */
  private static boolean isInstalled(String library) {
    JavaProcess finder = JavaProcess.run(Map.of(), List.of(), Finder.class, library);
    assertEquals(0, finder.exit(), finder::toString);
    return finder.out().equals("found\n");
  }

  @Test
  void withoutADriverItSaysSoInOneLine() {
    assumeFalse(isInstalled("libcuda.so.1"), "this machine has an NVIDIA driver");
    assertOneLine(devices(""), NO_DRIVER);
  }

  @Test
  void withoutADriverJsonHasTheReasons() throws IOException {
    assumeFalse(isInstalled("libcuda.so.1"), "this machine has an NVIDIA driver");
    JavaProcess run = devices("", "--json");
    assertEquals(0, run.exit(), run::toString);
    JsonNode root = new ObjectMapper().readTree(run.out());
    assertEquals(NO_DRIVER, root.get("reason").textValue());
    assertEquals(0, root.get("devices").size());
    assertEquals("driver API", root.at("/libraries/0/name").textValue());
    assertFalse(root.at("/libraries/0/loads").booleanValue());
    assertTrue(NO_DRIVER.endsWith(root.at("/libraries/0/reason").textValue()), run::out);
  }

  /** JCuda itself would load it, for it lies where JCuda unpacks its library. */
  @Test
  void whatLiesInTheTemporaryFolderIsNotLoaded() throws IOException {
    assumeFalse(isInstalled("libcuda.so.1"), "this machine has an NVIDIA driver");
    byte[] planted = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    Path file = Files.write(folder.resolve(LIBRARY), planted);
    List<String> options = List.of("-Djava.io.tmpdir=" + folder);
    assertOneLine(devices(Map.of(), "", options), NO_DRIVER);
    assertEquals(-1, Arrays.mismatch(planted, Files.readAllBytes(file)), "the file was changed");
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList(), "something was left behind");
    }
  }

  @Test
  void nothingIsLeftBehindWhereADriverLoads() throws IOException {
    String driver = fakeDriver();
    Path temporary = Files.createDirectory(folder.resolve("tmp"));
    Path file = Files.write(temporary.resolve(LIBRARY), new byte[100]);
    JavaProcess run = devices(Map.of(), driver, List.of("-Djava.io.tmpdir=" + temporary));
    assertEquals(0, run.exit(), run::toString);
    assertTrue(run.out().contains("Fake 0"), run::toString);
    try (Stream<Path> files = Files.list(temporary)) {
      assertEquals(List.of(file), files.toList());
    }
  }

  @Test
  void withoutATemporaryFolderItSaysWhichOptionNamesOne() {
    JavaProcess run =
        devices(Map.of(), "", List.of("-Djava.io.tmpdir=" + folder.resolve("missing")));
    assertEquals(0, run.exit(), run::toString);
    assertEquals(1, run.out().lines().count(), run::toString);
    assertTrue(run.out().contains("-Djava.io.tmpdir=FOLDER"), run::toString);
  }

  @Test
  void aDriverThatIsNoFileIsNamed() {
    assertOneLine(
        devices("libcuda.so.1"),
        "no GPU can be used: depthscope.cuda.driver is no absolute path of a file: libcuda.so.1");
    assertOneLine(
        devices("/missing/libcuda.so.1"),
        "no GPU can be used: depthscope.cuda.driver is no absolute path of a file:"
            + " /missing/libcuda.so.1");
  }

  @Test
  void aDriverThatIsNoLibraryIsNamed() throws IOException {
    Path file = folder.resolve("libcuda.so.1");
    Files.writeString(file, "not a library", StandardCharsets.UTF_8);
    JavaProcess run = devices(file.toString());
    assertEquals(0, run.exit(), run::toString);
    assertEquals(1, run.out().lines().count(), run::toString);
    assertTrue(run.out().contains(file.toString()), run::toString);
  }

  @Test
  void theEnvironmentNamesADriver() {
    String driver = fakeDriver();
    JavaProcess run =
        JavaProcess.run(Map.of("DEPTHSCOPE_CUDA_DRIVER", driver), List.of(), Main.class, "devices");
    assertTrue(run.out().contains("Fake 0"), run::toString);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          FAKE_VERSION | 10020 | the driver is one for CUDA 10.2; CUDA 11.0 or newer is needed
          FAKE_INIT    | 100   | the driver finds no GPU
          FAKE_COUNT   | 0     | the driver finds no GPU
          FAKE_COUNT_STATUS | 3 | cuDeviceGetCount failed with CUDA_ERROR_NOT_INITIALIZED (3)
          FAKE_INIT    | 34    | libcuda.so.1 is the stub of a CUDA toolkit, not a driver
          FAKE_INIT    | 803   | libcuda.so.1 and the driver in the kernel are of different versions
          FAKE_INIT    | 999   | cuInit failed with CUDA_ERROR_UNKNOWN (999)
          FAKE_INIT    | 12345 | cuInit failed with status (12345)
          LD_BIND_NOW  | 1     | the driver is too old for JCuda, it lacks cuMemCreate
          """)
  void aDriverThatCannotBeUsedIsOneLine(String variable, String value, String reason) {
    assertOneLine(
        devices(Map.of(variable, value), fakeDriver(), List.of()), "no GPU can be used: " + reason);
  }

  @Test
  void hiddenDevicesAreHintedAt() {
    Map<String, String> environment = Map.of("FAKE_INIT", "100", "CUDA_VISIBLE_DEVICES", "");
    assertOneLine(
        devices(environment, fakeDriver(), List.of()),
        "no GPU can be used: the driver finds no GPU (CUDA_VISIBLE_DEVICES is '')");
  }

  @Test
  void aTableOfDevicesAndLibraries() {
    JavaProcess run = devices(Map.of("FAKE_COUNT", "2"), fakeDriver(), List.of());
    assertEquals(0, run.exit(), run::toString);
    List<String> lines = run.out().lines().toList();
    assertEquals("GPU  name    chip    multiprocessors   memory     free", lines.get(0));
    assertEquals("0    Fake 0  sm_826               16  3.0 GiB  2.0 GiB", lines.get(1));
    assertEquals("1    Fake 1  sm_826               16  3.0 GiB  2.0 GiB", lines.get(2));
    assertTrue(lines.get(5).matches("driver API +yes +CUDA 12\\.6"), run::out);
    assertTrue(lines.get(6).startsWith("cuBLAS "), run::out);
    assertTrue(lines.get(7).startsWith("cuDNN "), run::out);
    for (int gpu = 0; gpu < 2; gpu++) {
      String kernels = "kernels, GPU " + gpu + " +yes +\\d+ files for sm_75, \\d+ kernels";
      assertTrue(lines.get(8 + gpu).matches(kernels), run::out);
    }
    assertEquals(10, lines.size(), run::out);
  }

  @Test
  void aDeviceTooOldForTheKernelsIsListedWithTheReason() {
    JavaProcess run = devices(Map.of("FAKE_CAPABILITY", "70"), fakeDriver(), List.of());
    assertEquals(0, run.exit(), run::toString);
    String last = run.out().lines().toList().getLast();
    String reason = "built for sm_75 and newer, this device is sm_70";
    assertTrue(last.matches("kernels, GPU 0 +no +.*" + reason), run::toString);
  }

  /** cuBLAS through the forwarding library, cuDNN directly. */
  @Test
  void librariesAreListedWithTheirVersions() {
    assumeFalse(isInstalled("libcublas.so.12"), "this machine has cuBLAS 12");
    String driver = fakeDriver();
    CLibrary.build("fake_cublas.c", folder, "libcublas.so.13");
    CLibrary.build("fake_cudnn.c", folder, "libcudnn.so.9");
    JavaProcess run = devices(Map.of("LD_LIBRARY_PATH", folder.toString()), driver, List.of());
    List<String> lines = run.out().lines().toList();
    assertTrue(lines.get(5).matches("cuBLAS +yes +13\\.14\\.15"), run::out);
    assertTrue(lines.get(6).matches("cuDNN +yes +9\\.12\\.3"), run::out);
  }

  @Test
  void aDeviceThatCannotBeOpenedIsListedWithTheReason() throws IOException {
    String driver = fakeDriver();
    JavaProcess run = devices(Map.of("FAKE_OPEN", "46"), driver, List.of());
    assertEquals(0, run.exit(), run::toString);
    assertTrue(run.out().lines().toList().get(1).endsWith("3.0 GiB     ?"), run::out);
    String reason = "open device 0 failed with CUDA_ERROR_DEVICE_UNAVAILABLE (46)";
    assertTrue(run.out().contains("GPU 0: " + reason + "\n"), run::out);

    JavaProcess json = devices(Map.of("FAKE_OPEN", "46"), driver, List.of(), "--json");
    JsonNode device = new ObjectMapper().readTree(json.out()).at("/devices/0");
    assertEquals(reason, device.get("reason").textValue());
    assertEquals(3L << 30, device.get("memoryBytes").longValue());
    assertFalse(device.has("freeBytes"), json::out);
  }

  @Test
  void jcudaBeforeDepthscopeOnTheClassPathIsRefused() {
    String classPath = System.getProperty("java.class.path");
    List<String> entries =
        new ArrayList<>(List.of(classPath.split(java.io.File.pathSeparator, -1)));
    String jcuda =
        entries.stream().filter(e -> e.endsWith("/jcuda-12.6.0.jar")).findFirst().orElseThrow();
    entries.remove(jcuda);
    entries.addFirst(jcuda);
    List<String> options = List.of("-cp", String.join(java.io.File.pathSeparator, entries));
    assertOneLine(
        devices(Map.of(), "", options),
        "no GPU can be used: JCuda stands before Depthscope on the class path");
  }
}
