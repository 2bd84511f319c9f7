package io.depthscope.dataset;

/**
 * What numbers in a TIFF file are called, for messages; the registered ones of TIFF 6 and since.
 */
final class TiffWords {
  private TiffWords() {}

  /** Of tag 259. */
  static String compression(int number) {
    return switch (number) {
      case 2 -> "CCITT modified Huffman";
      case 3 -> "CCITT Group 3 fax";
      case 4 -> "CCITT Group 4 fax";
      case 6 -> "old-style JPEG";
      case 7, 34_892 -> "JPEG";
      case 9, 10, 34_661 -> "JBIG";
      case 32_766 -> "NeXT";
      case 32_809 -> "ThunderScan";
      case 32_908, 32_909 -> "Pixar";
      case 33_003, 33_005, 34_712 -> "JPEG 2000";
      case 34_676, 34_677 -> "SGI Log";
      case 34_887 -> "LERC";
      case 34_925 -> "LZMA";
      case 50_000, 34_926 -> "Zstandard";
      case 50_001, 34_927 -> "WebP";
      case 50_002, 52_546 -> "JPEG XL";
      default -> "unknown (" + number + ")";
    };
  }

  /** What the samples of a pixel stand for, of tag 262. */
  static String photometric(int number) {
    return switch (number) {
      case TiffImage.WHITE_IS_ZERO, TiffImage.BLACK_IS_ZERO -> "grey";
      case TiffImage.RGB -> "RGB";
      case TiffImage.PALETTE -> "palette";
      case 4 -> "transparency mask";
      case TiffImage.CMYK -> "CMYK";
      case 6 -> "YCbCr";
      case 8, 9, 10 -> "L*a*b*";
      case 32_803 -> "colour filter array";
      case 32_844, 32_845 -> "SGI Log";
      case 34_892 -> "linear raw";
      default -> "unknown photometric " + number;
    };
  }

  /** Of tag 339. */
  static String sampleFormat(int number) {
    return switch (number) {
      case 1 -> "unsigned";
      case 2 -> "signed";
      case 3 -> "floating-point";
      case 4 -> "untyped";
      case 5 -> "complex integer";
      case 6 -> "complex floating-point";
      default -> "unknown (" + number + ")";
    };
  }
}
