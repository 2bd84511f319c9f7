package io.depthscope.dataset;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which of the eight orientations a photograph's metadata ask for, by the rules of PIL's {@code
 * ImageOps.exif_transpose}: any numeric type counts, text and bytes do not; XMP is asked where EXIF
 * does not have the tag. Metadata that make PIL fail give 1.
 */
final class ExifOrientation {
  static final byte[] PREFIX = {'E', 'x', 'i', 'f', 0, 0};
  static final int TAG = 0x0112;

  private static final Pattern XMP = Pattern.compile("tiff:Orientation(?:=\"|>)([0-9])");

  private ExifOrientation() {}

  /**
   * @param exif the block with or without its prefix; empty if there is none
   * @param xmp the packet, empty if there is none
   * @return 1 to 8; 1 for anything that cannot be understood
   */
  static int of(byte[] exif, byte[] xmp) {
    byte[] tiff = exif;
    while (tiff.length >= PREFIX.length && Arrays.equals(tiff, 0, 6, PREFIX, 0, 6)) {
      tiff = Arrays.copyOfRange(tiff, PREFIX.length, tiff.length);
    }
    if (tiff.length > 0) {
      try {
        TiffDirectory directory = TiffDirectory.read(tiff);
        if (directory.has(TAG)) {
          return valid(directory.number(TAG));
        }
      } catch (IOException e) {
        return 1;
      }
    }
    Matcher matcher = XMP.matcher(new String(xmp, StandardCharsets.ISO_8859_1));
    return matcher.find() ? valid(OptionalDouble.of(matcher.group(1).charAt(0) - '0')) : 1;
  }

  private static int valid(OptionalDouble value) {
    double v = value.orElse(1);
    return v >= 1 && v <= 8 && v == Math.rint(v) ? (int) v : 1;
  }
}
