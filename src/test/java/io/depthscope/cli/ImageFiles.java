package io.depthscope.cli;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import javax.imageio.ImageIO;

/** Image folders made on the spot. */
final class ImageFiles {
  private ImageFiles() {}

  /** Ten class folders of small noisy PNG files of different hues. */
  static Path tenClasses(Path root, int imagesPerClass) throws IOException {
    return classes(root, 10, imagesPerClass);
  }

  static Path classes(Path root, int classes, int imagesPerClass) throws IOException {
    for (int c = 0; c < classes; c++) {
      for (int i = 0; i < imagesPerClass; i++) {
        png(root.resolve("class" + c).resolve("image " + i + ".png"), 40, 36, 100L * c + i);
      }
    }
    return root;
  }

  /** Seeded noise round a seeded colour. */
  static Path png(Path file, int width, int height, long seed) throws IOException {
    Files.createDirectories(file.getParent());
    Random random = new Random(seed);
    int hue = random.nextInt(1 << 24);
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.setRGB(x, y, hue ^ (random.nextInt(1 << 24) & 0x3f3f3f));
      }
    }
    try (var out = Files.newOutputStream(file)) {
      if (!ImageIO.write(image, "png", out)) {
        throw new IOException("no PNG writer");
      }
    }
    return file;
  }

  /** A file of words, whatever its name says. */
  static Path text(Path file) throws IOException {
    Files.createDirectories(file.getParent());
    return Files.write(file, "This is no picture.\n".getBytes(StandardCharsets.UTF_8));
  }
}
