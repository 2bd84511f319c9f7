package io.depthscope.backend.cuda;

import io.depthscope.backend.Backend;
import io.depthscope.backend.BackendException;
import io.depthscope.backend.Program;
import io.depthscope.device.Device;
import io.depthscope.device.DeviceException;
import io.depthscope.device.KernelImage;
import io.depthscope.file.Sha256;
import io.depthscope.plan.Plan;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/** Runs plans on a GPU with this project's own kernels. */
public final class CudaBackend implements Backend {
  /** Share of the free memory a program may plan to take: the driver needs some for itself. */
  private static final double USABLE = 0.95;

  private final Device device;
  private final List<KernelImage> images;
  private final CudaOptions options;

  /**
   * Takes a device and the library in the options over, and loads the kernels.
   *
   * @throws BackendException if the device is too old or refuses them
   */
  public CudaBackend(Device device, CudaOptions options) {
    this.device = device;
    this.options = options;
    try {
      images = KernelImages.forCapability(device.info().capability());
      images.forEach(device::load);
    } catch (DeviceException e) {
      try {
        close();
      } catch (DeviceException second) {
        e.addSuppressed(second); // a lost device cannot be closed
      }
      throw new BackendException("backend cuda: " + e.getMessage(), e);
    }
  }

  private CudaBackend(CudaBackend other, CudaOptions options) {
    device = other.device;
    images = other.images;
    this.options = options;
  }

  /**
   * Refuses a plan that the kernels cannot run yet; asks no device.
   *
   * @throws BackendException with the layer and the reason
   */
  public static void requireRunnable(Plan plan) {
    ProgramSize.of(plan, 1, CudaOptions.DEFAULT);
  }

  /** The same on the same device with other options; either may be closed, which closes both. */
  public CudaBackend with(CudaOptions other) {
    return new CudaBackend(this, other);
  }

  public Device device() {
    return device;
  }

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public String description() {
    return device.info().text()
        + ", kernels "
        + kernels()
        + (options.kernel().isEmpty() ? "" : ", kernel " + options.kernel())
        + (options.library() ? ", products by " + options.matrices().description() : "");
  }

  @Override
  public String numerics() {
    return options.library()
        ? name() + ", products by " + options.matrices().description()
        : name();
  }

  /** The variants of the loaded kernels and a hash of them. */
  private String kernels() {
    MessageDigest all = Sha256.begin();
    for (KernelImage image : images) {
      all.update(HexFormat.of().parseHex(image.sha256()));
    }
    List<String> built = images.stream().map(KernelImages::target).distinct().sorted().toList();
    return String.join("+", built) + " " + Sha256.hex(all.digest()).substring(0, 12);
  }

  @Override
  public Program compile(Plan plan, int maxBatch) {
    ProgramSize size = ProgramSize.of(plan, maxBatch, options);
    try {
      return new CudaProgram(device, plan, size, options.matrices());
    } catch (DeviceException e) {
      throw new BackendException(
          e.isOutOfMemory() ? outOfMemory(plan, size) : "backend cuda: " + e.getMessage(), e);
    }
  }

  @Override
  public void checkDevice(Plan plan, int maxBatch) {
    ProgramSize size = ProgramSize.of(plan, maxBatch, options);
    try {
      if (size.device() > USABLE * device.freeBytes()) {
        throw new BackendException(outOfMemory(plan, size), null);
      }
    } catch (DeviceException e) {
      throw new BackendException("backend cuda: " + e.getMessage(), e);
    }
  }

  private String outOfMemory(Plan plan, ProgramSize size) {
    String text =
        String.format(
            Locale.ROOT,
            "out of GPU memory: a batch of %d needs %d MiB, %d MiB are free",
            size.maxBatch(),
            mebibytes(size.device()),
            mebibytes(device.freeBytes()));
    int batch = size.maxBatch();
    while (batch > 0
        && ProgramSize.of(plan, batch, options).device() > USABLE * device.freeBytes()) {
      batch = batch * 3 / 4;
    }
    // One image that failed is not helped by trying it again.
    return batch == 0 || size.maxBatch() == 1
        ? text + "; not even one image fits"
        : text + "; try --batch " + Math.min(batch, Math.max(1, size.maxBatch() / 2));
  }

  private static long mebibytes(long bytes) {
    return (bytes + (1 << 20) - 1) >> 20;
  }

  @Override
  public long memoryBytes(Plan plan, int maxBatch) {
    return ProgramSize.of(plan, maxBatch, options).host();
  }

  @Override
  public long deviceBytes(Plan plan, int maxBatch) {
    return ProgramSize.of(plan, maxBatch, options).device();
  }

  /** Closes the device, and the library before it. */
  @Override
  public void close() {
    try {
      if (options.library()) {
        options.matrices().close();
      }
    } finally {
      device.close();
    }
  }
}
