package io.depthscope.report.figure;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** A PNG. */
final class PixelCanvas implements Canvas {
  private final Typeface typeface;
  private final BufferedImage image;
  private final Graphics2D graphics;

  /**
   * @param unit pixels a unit
   */
  PixelCanvas(Typeface typeface, int width, int height, double unit) {
    this.typeface = typeface;
    this.image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    this.graphics = image.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    graphics.scale(unit, unit);
  }

  private void smooth(boolean on) {
    graphics.setRenderingHint(
        RenderingHints.KEY_ANTIALIASING,
        on ? RenderingHints.VALUE_ANTIALIAS_ON : RenderingHints.VALUE_ANTIALIAS_OFF);
  }

  @Override
  public void fill(Path2D shape, Color colour, boolean crisp) {
    smooth(!crisp);
    graphics.setColor(colour);
    graphics.fill(shape);
  }

  @Override
  public void stroke(Path2D path, Color colour, double width, Dash dash) {
    smooth(true);
    graphics.setColor(colour);
    float[] lengths = dash.lengths();
    graphics.setStroke(
        lengths.length == 0
            ? new BasicStroke((float) width, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND)
            : new BasicStroke(
                (float) width, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 10, lengths, 0));
    graphics.draw(path);
  }

  @Override
  public void text(String text, double x, double y, double size, Color colour, double degrees) {
    AffineTransform place = AffineTransform.getTranslateInstance(x, y);
    place.rotate(Math.toRadians(degrees));
    Path2D outline = typeface.outline(text, size);
    outline.transform(place);
    fill(outline, colour, false);
  }

  @Override
  public byte[] finish() {
    graphics.dispose();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      writer.setOutput(out);
      writer.write(new IIOImage(image, null, null));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }
}
