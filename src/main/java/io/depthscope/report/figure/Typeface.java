package io.depthscope.report.figure;

import java.awt.geom.AffineTransform;
import java.awt.geom.Path2D;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.apache.fontbox.ttf.CmapLookup;
import org.apache.fontbox.ttf.GlyphData;
import org.apache.fontbox.ttf.TTFParser;
import org.apache.fontbox.ttf.TrueTypeFont;
import org.apache.pdfbox.io.RandomAccessReadBuffer;
import org.apache.pdfbox.pdmodel.PDDocument;

/**
 * The font of all figures: Liberation Sans, which PDFBox carries. It is as wide as Arial and
 * Helvetica, so what is measured here also fits where a viewer of an SVG has only those. Reading it
 * ourselves needs nothing of the machine and gives the same figure everywhere.
 */
final class Typeface {
  /** For the SVG, the embedded font first. */
  static final String FAMILIES = "Liberation Sans, Arimo, Arial, Helvetica, sans-serif";

  /** Height of a capital letter by the size. */
  static final double CAPITAL = 0.69;

  private static final String RESOURCE =
      "/org/apache/pdfbox/resources/ttf/LiberationSans-Regular.ttf";
  private static final char MISSING = '?';
  private static final String ELLIPSIS = "\u2026";

  private final byte[] file;
  private final TrueTypeFont font;
  private final CmapLookup glyphs;
  private final double unitsPerEm;

  private Typeface(byte[] file, TrueTypeFont font) throws IOException {
    this.file = file;
    this.font = font;
    this.glyphs = font.getUnicodeCmapLookup();
    this.unitsPerEm = font.getUnitsPerEm();
  }

  static Typeface load() {
    try (InputStream in = PDDocument.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IOException("the font " + RESOURCE + " is missing in the program");
      }
      byte[] file = in.readAllBytes();
      return new Typeface(file, new TTFParser().parse(new RandomAccessReadBuffer(file)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The font's file, from its beginning. */
  InputStream open() {
    return new ByteArrayInputStream(file);
  }

  /** Names come from files: what no XML may hold, or would break the line, becomes a space. */
  static String clean(String text) {
    StringBuilder out = new StringBuilder();
    text.codePoints()
        .map(
            c ->
                switch (Character.getType(c)) {
                  case Character.CONTROL,
                      Character.SURROGATE,
                      Character.UNASSIGNED,
                      Character.FORMAT,
                      Character.LINE_SEPARATOR,
                      Character.PARAGRAPH_SEPARATOR ->
                      ' ';
                  default -> c;
                })
        .forEach(out::appendCodePoint);
    return out.toString();
  }

  /** The text with a question mark for what the font has no glyph for. */
  String drawable(String text) {
    StringBuilder out = new StringBuilder();
    text.codePoints()
        .map(c -> glyphs.getGlyphId(c) == 0 ? MISSING : c)
        .forEach(out::appendCodePoint);
    return out.toString();
  }

  /** Width in units. */
  double width(String text, double size) {
    return drawable(text).codePoints().mapToDouble(this::advance).sum() * size / unitsPerEm;
  }

  private double advance(int codePoint) {
    try {
      return font.getAdvanceWidth(glyphs.getGlyphId(codePoint));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The text as a shape that begins at (0, 0) on its base line; y points down. */
  Path2D outline(String text, double size) {
    Path2D.Double all = new Path2D.Double(Path2D.WIND_NON_ZERO);
    double scale = size / unitsPerEm;
    double x = 0;
    try {
      for (int codePoint : drawable(text).codePoints().toArray()) {
        GlyphData glyph = font.getGlyph().getGlyph(glyphs.getGlyphId(codePoint));
        if (glyph != null) { // a space has none
          AffineTransform place = new AffineTransform(scale, 0, 0, -scale, x, 0);
          all.append(glyph.getPath().getPathIterator(place), false);
        }
        x += advance(codePoint) * scale;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return all;
  }

  /** The text, or as much of its two ends as has place. */
  String shortened(String text, double size, double widest) {
    if (width(text, size) <= widest) {
      return text;
    }
    int[] points = text.codePoints().toArray();
    for (int kept = points.length - 1; kept > 1; kept--) {
      int head = (kept + 1) / 2;
      String candidate =
          new String(points, 0, head)
              + ELLIPSIS
              + new String(points, points.length - (kept - head), kept - head);
      if (width(candidate, size) <= widest) {
        return candidate;
      }
    }
    return ELLIPSIS;
  }
}
