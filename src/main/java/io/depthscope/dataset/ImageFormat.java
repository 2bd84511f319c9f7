package io.depthscope.dataset;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;

/** What a file's first bytes say it is; its name does not matter. */
enum ImageFormat {
  JPEG,
  PNG,
  GIF,
  BMP,
  PNM,
  TIFF,
  /** Nothing that is decoded. */
  OTHER;

  /** Endings of names under which images of these formats lie, in lower case. */
  private static final Set<String> ENDINGS =
      Set.of(
          "jpg", "jpeg", "jpe", "jfif", "png", "gif", "bmp", "dib", "tif", "tiff", "ppm", "pgm",
          "pbm", "pnm");

  static ImageFormat of(byte[] file) {
    if (JpegHeader.looksLikeJpeg(file)) {
      return JPEG;
    }
    if (PngHeader.looksLikePng(file)) {
      return PNG;
    }
    if (GifImage.isGif(file)) {
      return GIF;
    }
    if (BmpImage.isBmp(file)) {
      return BMP;
    }
    if (PnmImage.isPnm(file)) {
      return PNM;
    }
    return TiffDirectory.isTiff(file) ? TIFF : OTHER;
  }

  /** Whether files of this name are read as images. */
  static boolean isImageName(String name) {
    return ENDINGS.contains(ending(name));
  }

  /** What follows the last dot, in lower case; empty without one. */
  static String ending(String name) {
    int dot = name.lastIndexOf('.');
    return dot < 1 ? "" : name.substring(dot + 1).toLowerCase(Locale.ROOT);
  }

  /** Why a file of format {@link #OTHER} is not read. */
  static String describe(byte[] file) {
    if (file.length == 0) {
      return "empty file";
    }
    String start = new String(file, 0, Math.min(32, file.length), StandardCharsets.ISO_8859_1);
    String brand =
        start.length() >= 12 && start.startsWith("ftyp", 4) ? start.substring(8, 12) : "";
    String kind = null;
    if (start.startsWith("RIFF") && start.startsWith("WEBP", 8)) {
      kind = "a WebP image";
    } else if (brand.equals("avif") || brand.equals("avis")) {
      kind = "an AVIF image";
    } else if (Set.of("heic", "heix", "hevc", "mif1", "msf1").contains(brand)) {
      kind = "a HEIF image";
    } else if (start.startsWith("\0\0\0\fjP  ") || start.startsWith("\u00ff\u004f\u00ff\u0051")) {
      kind = "a JPEG 2000 image";
    } else if (start.startsWith("\u00ff\n") || start.startsWith("\0\0\0\fJXL ")) {
      kind = "a JPEG XL image";
    } else if (start.startsWith("II+\0") || start.startsWith("MM\0+")) {
      kind = "a BigTIFF image";
    } else if (start.startsWith("8BPS")) {
      kind = "a Photoshop file";
    } else if (start.startsWith("\0\0\1\0")) {
      kind = "an icon file";
    } else if (start.startsWith("%PDF")) {
      kind = "a PDF file";
    } else if (start.stripLeading().startsWith("<")) {
      kind = "a text in HTML, SVG or XML"; // what a failed download leaves
    }
    return kind == null
        ? "not an image of a known format"
        : kind + ", which this program does not read";
  }
}
