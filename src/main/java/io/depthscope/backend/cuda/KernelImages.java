package io.depthscope.backend.cuda;

import io.depthscope.device.DeviceException;
import io.depthscope.device.KernelImage;
import io.depthscope.device.KernelSpec;
import io.depthscope.file.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;

/** The built kernels inside the program: one image a source file, in a variant for newer chips. */
public final class KernelImages {
  private static final String ROOT = "/io/depthscope/kernels/";

  /** Compute capabilities images may be built for, best first; the last is there for every file. */
  private static final int[] BUILT_FOR = {80, 75};

  private KernelImages() {}

  /**
   * The best images a device can run, one for each file of the catalog.
   *
   * @throws DeviceException if the device is older than every image
   */
  public static List<KernelImage> forCapability(int capability) {
    return KernelCatalog.all().stream()
        .map(KernelSpec::file)
        .distinct()
        .map(file -> find(file, capability))
        .toList();
  }

  /** What an image was built for, such as {@code sm_75}. */
  public static String target(KernelImage image) {
    return image.name().substring(0, image.name().indexOf('/'));
  }

  private static KernelImage find(String file, int capability) {
    for (int built : BUILT_FOR) {
      String name = "sm_" + built + "/" + file + ".ptx";
      if (built <= capability && KernelImages.class.getResource(ROOT + name) != null) {
        return read(name);
      }
    }
    throw new DeviceException(
        "kernels", 0, "", "built for sm_75 and newer, this device is sm_" + capability);
  }

  private static KernelImage read(String name) {
    try (InputStream in = KernelImages.class.getResourceAsStream(ROOT + name)) {
      byte[] bytes = in.readAllBytes();
      return new KernelImage(name, bytes, Sha256.of(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
