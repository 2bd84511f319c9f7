package io.depthscope.dataset;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * What must be known of a PNG file before its pixels are decoded.
 *
 * @param width pixels; negative for absurd values
 * @param height pixels; negative for absurd values
 * @param depth bits a sample
 * @param colourType 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha
 */
record PngHeader(int width, int height, int depth, int colourType) {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10};
  private static final int FIRST_CHUNK = 8;
  private static final int MAX_TEXT = 1 << 20;
  private static final int GREY = 0;

  private static final String EXIF = "exif";
  private static final String RAW_PROFILE = "Raw profile type exif";
  private static final String XMP = "XML:com.adobe.xmp";

  static boolean looksLikePng(byte[] file) {
    return file.length >= 8 && Arrays.equals(file, 0, 8, SIGNATURE, 0, 8);
  }

  /**
   * Reads the header chunk.
   *
   * @throws IOException if there is none
   */
  static PngHeader parse(byte[] file) throws IOException {
    if (file.length < 33 || !type(file, FIRST_CHUNK).equals("IHDR")) {
      throw new IOException(file.length < 33 ? "truncated" : "damaged: no PNG header");
    }
    ByteBuffer bytes = ByteBuffer.wrap(file);
    return new PngHeader(bytes.getInt(16), bytes.getInt(20), file[24] & 0xff, file[25] & 0xff);
  }

  /**
   * Checks the chunks before the pixels, as PIL does.
   *
   * @throws IOException if one is truncated or damaged
   */
  static void checkChunks(byte[] file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(file);
    int at = FIRST_CHUNK;
    while (true) {
      if (at + 8 > file.length) {
        throw new IOException("truncated: no image data");
      }
      String type = type(file, at);
      if (type.equals("IDAT")) {
        break;
      }
      long end = at + 12 + Integer.toUnsignedLong(bytes.getInt(at));
      if (end > file.length) {
        throw new IOException("truncated");
      }
      CRC32 crc = new CRC32();
      crc.update(file, at + 4, (int) end - at - 8);
      if ((int) crc.getValue() != bytes.getInt((int) end - 4)) {
        throw new IOException("damaged: wrong checksum of a PNG chunk before the pixels");
      }
      if (type.equals("IEND")) {
        throw new IOException("a PNG file without a picture");
      }
      at = (int) end;
    }
  }

  /** Whether PIL cuts its samples off at 255 instead of taking their upper byte. */
  boolean saturates() {
    return depth == 16 && colourType == GREY;
  }

  private static String type(byte[] file, int chunk) {
    return new String(file, chunk + 4, 4, StandardCharsets.ISO_8859_1);
  }

  /** Orientation 1..8 of a file, from chunks before and after the pixels; the last one counts. */
  static int orientation(byte[] file) {
    ByteBuffer bytes = ByteBuffer.wrap(file);
    Map<String, byte[]> found = new HashMap<>();
    int at = FIRST_CHUNK;
    while (at + 12 <= file.length) {
      String type = type(file, at);
      long end = at + 12 + Integer.toUnsignedLong(bytes.getInt(at));
      if (end > file.length || type.equals("IEND")) {
        break;
      }
      byte[] body = Arrays.copyOfRange(file, at + 8, (int) end - 4);
      switch (type) {
        case "eXIf" -> found.put(EXIF, body);
        case "tEXt" -> plainText(body, found);
        case "zTXt" -> compressedText(body, found);
        case "iTXt" -> internationalText(body, found);
        default -> {}
      }
      at = (int) end;
    }
    byte[] exif = found.get(EXIF);
    if (exif == null && found.containsKey(RAW_PROFILE)) {
      exif = rawProfile(found.get(RAW_PROFILE));
      if (exif == null) {
        return 1;
      }
    }
    return ExifOrientation.of(
        exif == null ? new byte[0] : exif, found.getOrDefault(XMP, new byte[0]));
  }

  private static boolean matters(String key) {
    return List.of(EXIF, RAW_PROFILE, XMP).contains(key);
  }

  private static int zero(byte[] body, int from) {
    int at = from;
    while (at < body.length && body[at] != 0) {
      at++;
    }
    return at;
  }

  private static String latin1(byte[] body, int end) {
    return new String(body, 0, end, StandardCharsets.ISO_8859_1);
  }

  private static byte[] after(byte[] body, int at) {
    return Arrays.copyOfRange(body, Math.min(body.length, at), body.length);
  }

  private static void plainText(byte[] body, Map<String, byte[]> found) {
    int end = zero(body, 0);
    String key = latin1(body, end);
    if (matters(key)) {
      found.put(key, after(body, end + 1));
    }
  }

  private static void compressedText(byte[] body, Map<String, byte[]> found) {
    int end = zero(body, 0);
    String key = latin1(body, end);
    if (matters(key) && !key.equals(EXIF)) {
      byte[] text = inflate(after(body, end + 2));
      found.put(key, text == null ? new byte[0] : text);
    }
  }

  private static void internationalText(byte[] body, Map<String, byte[]> found) {
    int end = zero(body, 0);
    String key = latin1(body, end);
    int languageEnd = zero(body, end + 3);
    int nameEnd = zero(body, languageEnd + 1);
    if (!matters(key) || key.equals(EXIF) || nameEnd >= body.length) {
      return;
    }
    byte[] text = after(body, nameEnd + 1);
    if (body[end + 1] != 0) {
      text = body[end + 2] == 0 ? inflate(text) : null;
    }
    if (text != null && (key.equals(XMP) || isUtf8(text))) {
      found.put(key, text);
    }
  }

  private static boolean isUtf8(byte[] text) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  /** Null if it is damaged or too large. */
  private static byte[] inflate(byte[] compressed) {
    try (Inflater inflater = new Inflater()) {
      inflater.setInput(compressed);
      ByteArrayOutputStream text = new ByteArrayOutputStream();
      byte[] piece = new byte[1 << 13];
      while (!inflater.finished()) {
        int count = inflater.inflate(piece);
        if (count == 0 || text.size() + count > MAX_TEXT) {
          return null;
        }
        text.write(piece, 0, count);
      }
      return text.toByteArray();
    } catch (DataFormatException e) {
      return null;
    }
  }

  /** Hexadecimal digits after three lines: a blank one, a name and a length. Null if damaged. */
  private static byte[] rawProfile(byte[] text) {
    String[] lines = new String(text, StandardCharsets.ISO_8859_1).split("\n", -1);
    StringBuilder digits = new StringBuilder();
    for (int i = 3; i < lines.length; i++) {
      digits.append(lines[i].replaceAll("\\s", ""));
    }
    try {
      return HexFormat.of().parseHex(digits);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
