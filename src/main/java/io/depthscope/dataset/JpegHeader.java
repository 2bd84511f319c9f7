package io.depthscope.dataset;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What must be known of a JPEG file before its pixels are decoded.
 *
 * @param width pixels
 * @param height pixels
 * @param components 1 grey, 3 colour, 4 CMYK or YCCK
 * @param luminanceChrominance true when the first three components are Y, Cb, Cr
 * @param exif the EXIF block without its prefix, of all segments together; empty when absent
 * @param xmp the last XMP packet; empty when absent
 * @param ended whether the file has an end marker. Without one it counts as complete, as in PIL, if
 *     bytes follow the last block of a baseline image that PIL's decoder may look ahead at: {@code
 *     bare} lacks those and has an end marker, so decoding it must meet no premature end
 * @param bare the file without its application and comment segments other than JFIF and Adobe: a
 *     decoder has no thumbnails and colour profiles to parse then, which halves its time
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
record JpegHeader(
    int width,
    int height,
    int components,
    boolean luminanceChrominance,
    byte[] exif,
    byte[] xmp,
    boolean ended,
    byte[] bare) {
  private static final String XMP = "http://ns.adobe.com/xap/1.0/\0";

  /** Bytes that libjpeg's Huffman decoder fetches at once; it gives up where there are fewer. */
  private static final int LOOK_AHEAD = 8;

  private static final int SOF0 = 0xc0;
  private static final int DHT = 0xc4;
  private static final int DAC = 0xcc;
  private static final int SOF15 = 0xcf;
  private static final int SOI = 0xd8;
  private static final int EOI = 0xd9;
  private static final int SOS = 0xda;
  private static final int DQT = 0xdb;
  private static final int DRI = 0xdd;
  private static final int APP0 = 0xe0;
  private static final int APP1 = 0xe1;
  private static final int APP14 = 0xee;
  private static final int APP15 = 0xef;
  private static final int COM = 0xfe;

  static boolean looksLikeJpeg(byte[] file) {
    return file.length > 3 && u8(file, 0) == 0xff && u8(file, 1) == SOI && u8(file, 2) == 0xff;
  }

  /**
   * @throws IOException if the file is truncated or of a kind that is not decoded
   */
  static JpegHeader parse(byte[] file) throws IOException {
    ByteArrayOutputStream bare = new ByteArrayOutputStream(file.length);
    bare.write(file, 0, 2);
    int frame = -1;
    boolean jfif = false;
    int adobeTransform = -1;
    ByteArrayOutputStream exif = new ByteArrayOutputStream();
    byte[] xmp = {};
    int at = 2;
    while (true) {
      at = nextMarker(file, at);
      int marker = u8(file, at + 1);
      int body = at + 4;
      int end = segmentEnd(file, at);
      if (marker == SOS) {
        break;
      }
      boolean keep = marker < APP0 || (marker > APP15 && marker != COM);
      if (isFrame(marker)) {
        frame = body;
        checkFrame(file, body, end);
      } else if (marker == APP0 && startsWith(file, body, end, "JFIF\0")) {
        jfif = true;
        keep = true;
      } else if (marker == APP14 && startsWith(file, body, end, "Adobe") && end - body >= 12) {
        adobeTransform = u8(file, body + 11);
        keep = true;
      } else if (marker == APP1 && startsWith(file, body, end, "Exif\0\0")) {
        exif.write(file, body + 6, end - body - 6); // a long block is spread over segments
      } else if (marker == APP1 && startsWith(file, body, end, XMP)) {
        xmp = Arrays.copyOfRange(file, body + XMP.length(), end);
      }
      if (keep) {
        bare.write(file, at, end - at);
      }
      at = end;
    }
    if (frame < 0) {
      throw new IOException("no frame header before the image data");
    }
    boolean ended = isEnded(file, at);
    if (!ended && (progressive(file, frame) || file.length - at < 2 * LOOK_AHEAD)) {
      throw new IOException("truncated: no end of image");
    }
    bare.write(file, at, file.length - at - (ended ? 0 : LOOK_AHEAD));
    if (!ended) {
      bare.write(0xff);
      bare.write(EOI);
    }
    return new JpegHeader(
        u16(file, frame + 3),
        u16(file, frame + 1),
        u8(file, frame + 5),
        isLuminanceChrominance(file, frame, jfif, adobeTransform),
        exif.toByteArray(),
        xmp,
        ended,
        bare.toByteArray());
  }

  private static void checkFrame(byte[] file, int body, int end) throws IOException {
    int components = end - body < 6 ? 0 : u8(file, body + 5);
    if (end - body < 6 + 3 * components) {
      throw new IOException("short frame header");
    }
    if (u8(file, body) != 8) {
      throw new IOException(u8(file, body) + " bits a sample, only 8 are read");
    }
    if (components != 1 && components != 3 && components != 4) {
      throw new IOException(components + " colour components, only 1, 3 and 4 are read");
    }
  }

  /** The rules of libjpeg, which every reader of the field shares. */
  private static boolean isLuminanceChrominance(
      byte[] file, int frame, boolean jfif, int adobeTransform) {
    int components = u8(file, frame + 5);
    if (components == 4) {
      return adobeTransform > 0;
    }
    if (components == 1 || jfif || adobeTransform >= 0) {
      return components == 3 && (jfif || adobeTransform != 0);
    }
    boolean namedRgb =
        u8(file, frame + 6) == 'R' && u8(file, frame + 9) == 'G' && u8(file, frame + 12) == 'B';
    return !namedRgb;
  }

  private static boolean progressive(byte[] file, int frame) {
    int marker = u8(file, frame - 3);
    return marker != SOF0 && marker != SOF0 + 1;
  }

  /** Walks the scans up to the end marker; false if there is none. */
  private static boolean isEnded(byte[] file, int firstScan) throws IOException {
    int at = firstScan;
    while (at + 1 < file.length) {
      if (file[at] != (byte) 0xff) {
        at++;
        continue;
      }
      int marker = u8(file, at + 1);
      if (marker == EOI) {
        return true;
      }
      boolean segment =
          marker == SOS
              || marker == DHT
              || (marker >= DQT && marker <= DRI)
              || (marker >= APP0 && marker <= APP15)
              || marker == COM;
      if (segment) {
        at = segmentEnd(file, at);
      } else {
        at += marker == 0xff ? 1 : 2; // fill bytes, stuffed zeros, restart markers
      }
    }
    return false;
  }

  private static int nextMarker(byte[] file, int from) throws IOException {
    for (int at = from; at + 3 < file.length; at++) {
      if (file[at] == (byte) 0xff && file[at + 1] != 0 && file[at + 1] != (byte) 0xff) {
        int marker = u8(file, at + 1);
        boolean bodiless = (marker >= 0xd0 && marker <= SOI) || marker == 1;
        if (marker == EOI) {
          break;
        }
        if (!bodiless) {
          return at;
        }
      }
    }
    throw new IOException("truncated: no image data");
  }

  private static int segmentEnd(byte[] file, int marker) throws IOException {
    if (marker + 4 > file.length) {
      throw new IOException("truncated");
    }
    int length = u16(file, marker + 2);
    if (length < 2 || marker + 2 + length > file.length) {
      throw new IOException("truncated or damaged segment");
    }
    return marker + 2 + length;
  }

  private static boolean isFrame(int marker) {
    return marker >= SOF0 && marker <= SOF15 && marker != DHT && marker != 0xc8 && marker != DAC;
  }

  private static boolean startsWith(byte[] file, int at, int end, String text) {
    byte[] expected = text.getBytes(StandardCharsets.ISO_8859_1);
    if (end - at < expected.length) {
      return false;
    }
    for (int i = 0; i < expected.length; i++) {
      if (file[at + i] != expected[i]) {
        return false;
      }
    }
    return true;
  }

  private static int u8(byte[] bytes, int at) {
    return bytes[at] & 0xff;
  }

  private static int u16(byte[] bytes, int at) {
    return u8(bytes, at) << 8 | u8(bytes, at + 1);
  }
}
