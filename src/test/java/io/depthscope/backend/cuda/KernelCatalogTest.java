package io.depthscope.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.device.DeviceException;
import io.depthscope.device.KernelImage;
import io.depthscope.device.KernelSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The catalog lists the kernels of the built images, and no others. */
class KernelCatalogTest {
  private static final Path IMAGES = Path.of("kernels/ptx");
  private static final Pattern NAME =
      Pattern.compile("ds_[a-z][a-z0-9]*(_[a-z0-9]+)*_(tensor|channel)__[a-z][a-z0-9]*");
  private static final Pattern PARAMETER =
      Pattern.compile("\\.param (?:\\.align (\\d+) )?\\.(\\w+) \\w+_param_(\\d+)(?:\\[(\\d+)])?");

  /** What an entry of a PTX file says of itself. */
  private static KernelSpec entry(PtxImage image, String symbol, String body) {
    String head = body.substring(0, body.indexOf('{'));
    List<String> parameters = new ArrayList<>();
    int bytes = 0;
    Matcher parameter = PARAMETER.matcher(head);
    while (parameter.find()) {
      assertEquals(parameters.size(), Integer.parseInt(parameter.group(3)), symbol);
      parameters.add(parameter.group(2));
      if (parameter.group(4) != null) {
        assertEquals("4", parameter.group(1), symbol + ": the struct is not of 32-bit fields");
        bytes = Integer.parseInt(parameter.group(4));
      }
    }
    List<String> pointers = parameters.subList(0, parameters.size() - 1);
    assertEquals(Set.of("u64"), Set.copyOf(pointers), symbol + " has what is no pointer");
    assertEquals("b8", parameters.getLast(), symbol + " does not end in a struct");
    String file = image.source().replace(".cu", "");
    return new KernelSpec(symbol, file, pointers.size(), bytes, image.threads().get(symbol));
  }

  @Test
  void isWhatTheImagesHave() throws IOException {
    Set<String> built = new TreeSet<>();
    for (PtxImage image : PtxImage.readAll(IMAGES)) {
      Set<String> ofImage = new TreeSet<>();
      image.kernels().forEach((name, body) -> ofImage.add(entry(image, name, body).toString()));
      // An image for newer chips replaces the older one, so it must have every kernel of its file.
      Set<String> listed = new TreeSet<>();
      KernelCatalog.all().stream()
          .filter(k -> image.source().equals(k.file() + ".cu"))
          .forEach(k -> listed.add(k.toString()));
      assertEquals(String.join("\n", listed), String.join("\n", ofImage), image.name());
      built.addAll(ofImage);
    }
    assertEquals(KernelCatalog.all().size(), built.size(), "kernels of files without an image");
    assertTrue(built.size() >= 70, "only " + built.size());
  }

  @Test
  void namesSayWhatTheKernelsAre() {
    for (KernelSpec kernel : KernelCatalog.all()) {
      assertTrue(NAME.matcher(kernel.symbol()).matches(), kernel::symbol);
      assertEquals(kernel, KernelCatalog.get(kernel.symbol()));
    }
    assertThrows(IllegalArgumentException.class, () -> KernelCatalog.get("ds_missing"));
  }

  @Test
  void theProgramHasTheImagesOfItsFiles() throws IOException {
    List<KernelImage> images = KernelImages.forCapability(90);
    Set<String> files = new TreeSet<>();
    KernelCatalog.all().forEach(k -> files.add(k.file()));
    assertEquals(files.size(), images.size());
    for (KernelImage image : images) {
      assertTrue(files.remove(image.name().replaceAll(".*/|\\.ptx", "")), image::name);
      String text = new String(image.bytes(), StandardCharsets.US_ASCII);
      assertEquals(java.nio.file.Files.readString(IMAGES.resolve(image.name())), text);
    }
    assertEquals(files.size(), 0, files::toString);
  }

  @Test
  void aDeviceOlderThanTheImagesIsRefused() {
    assertEquals(
        "kernels: built for sm_75 and newer, this device is sm_70",
        assertThrows(DeviceException.class, () -> KernelImages.forCapability(70)).getMessage());
    assertTrue(
        KernelImages.forCapability(75).stream().allMatch(i -> i.name().startsWith("sm_75/")));
  }
}
