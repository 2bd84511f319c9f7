package io.depthscope.report.figure;

import java.awt.Color;
import java.awt.geom.Path2D;
import java.awt.geom.PathIterator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.pdmodel.font.PDFont;
import org.apache.pdfbox.pdmodel.font.PDType0Font;
import org.apache.pdfbox.pdmodel.graphics.state.PDExtendedGraphicsState;
import org.apache.pdfbox.util.Matrix;

/** A PDF of one page; text stays text, in an embedded font. It has no dates and a fixed id. */
final class PdfCanvas implements Canvas {
  private static final int ROUND_JOIN = 1;

  private final Typeface typeface;
  private final PDDocument document = new PDDocument();
  private final PDPageContentStream content;
  private final PDFont font;
  private final Map<Integer, PDExtendedGraphicsState> opacities = new HashMap<>();

  /**
   * @param width of the page, in points
   * @param unit points a unit
   */
  PdfCanvas(Typeface typeface, double width, double height, double unit, String title) {
    this.typeface = typeface;
    try {
      PDPage page = new PDPage(new PDRectangle((float) width, (float) height));
      document.addPage(page);
      document.setDocumentId(0L); // or it would be made from the time
      document.getDocumentInformation().setTitle(title);
      font = PDType0Font.load(document, typeface.open(), true);
      content = new PDPageContentStream(document, page);
      content.transform(new Matrix((float) unit, 0, 0, (float) -unit, 0, (float) height));
      content.setLineJoinStyle(ROUND_JOIN);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void fill(Path2D shape, Color colour, boolean crisp) {
    try {
      opacity(colour);
      content.setNonStrokingColor(opaque(colour));
      path(shape);
      if (shape.getWindingRule() == Path2D.WIND_EVEN_ODD) {
        content.fillEvenOdd();
      } else {
        content.fill();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void stroke(Path2D path, Color colour, double width, Dash dash) {
    try {
      opacity(colour);
      content.setStrokingColor(opaque(colour));
      content.setLineWidth((float) width);
      content.setLineDashPattern(dash.lengths(), 0);
      path(path);
      content.stroke();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void text(String text, double x, double y, double size, Color colour, double degrees) {
    if (text.isEmpty()) {
      return;
    }
    float cos = (float) Math.cos(Math.toRadians(degrees));
    float sin = (float) Math.sin(Math.toRadians(degrees));
    try {
      opacity(colour);
      content.setNonStrokingColor(opaque(colour));
      content.beginText();
      content.setFont(font, (float) size);
      // The page is upside down, so that y points down; letters are turned back.
      content.setTextMatrix(new Matrix(cos, sin, sin, -cos, (float) x, (float) y));
      content.showText(typeface.drawable(text));
      content.endText();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public byte[] finish() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (document) {
      content.close();
      document.save(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static Color opaque(Color colour) {
    return new Color(colour.getRGB() & 0xffffff);
  }

  private void opacity(Color colour) throws IOException {
    PDExtendedGraphicsState state = opacities.get(colour.getAlpha());
    if (state == null) {
      state = new PDExtendedGraphicsState();
      state.setNonStrokingAlphaConstant(colour.getAlpha() / 255f);
      state.setStrokingAlphaConstant(colour.getAlpha() / 255f);
      opacities.put(colour.getAlpha(), state);
    }
    content.setGraphicsStateParameters(state);
  }

  private void path(Path2D path) throws IOException {
    double[] c = new double[6];
    float x = 0;
    float y = 0;
    for (PathIterator i = path.getPathIterator(null); !i.isDone(); i.next()) {
      switch (i.currentSegment(c)) {
        case PathIterator.SEG_MOVETO -> {
          x = (float) c[0];
          y = (float) c[1];
          content.moveTo(x, y);
        }
        case PathIterator.SEG_LINETO -> {
          x = (float) c[0];
          y = (float) c[1];
          content.lineTo(x, y);
        }
        case PathIterator.SEG_QUADTO -> {
          float endX = (float) c[2];
          float endY = (float) c[3];
          content.curveTo(
              (float) (x + 2 * (c[0] - x) / 3),
              (float) (y + 2 * (c[1] - y) / 3),
              (float) (endX + 2 * (c[0] - endX) / 3),
              (float) (endY + 2 * (c[1] - endY) / 3),
              endX,
              endY);
          x = endX;
          y = endY;
        }
        case PathIterator.SEG_CUBICTO -> {
          x = (float) c[4];
          y = (float) c[5];
          content.curveTo((float) c[0], (float) c[1], (float) c[2], (float) c[3], x, y);
        }
        default -> content.closePath();
      }
    }
  }
}
