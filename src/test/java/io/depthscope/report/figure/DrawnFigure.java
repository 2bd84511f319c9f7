package io.depthscope.report.figure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.apache.pdfbox.Loader;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.text.PDFTextStripper;
import org.apache.pdfbox.text.TextPosition;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/** What an independent reader finds in a figure's file. */
final class DrawnFigure {

  private DrawnFigure() {}

  static Document svg(FigureRequest request) throws IOException {
    byte[] bytes = Figures.render(request, FigureFormat.SVG);
    try {
      return DocumentBuilderFactory.newDefaultNSInstance()
          .newDocumentBuilder()
          .parse(new ByteArrayInputStream(bytes));
    } catch (ParserConfigurationException | SAXException e) {
      throw new IOException(new String(bytes, StandardCharsets.UTF_8), e);
    }
  }

  /** Elements of a name, in order. */
  static List<Element> elements(Document svg, String name) {
    NodeList nodes = svg.getElementsByTagName(name);
    List<Element> all = new ArrayList<>();
    for (int i = 0; i < nodes.getLength(); i++) {
      all.add((Element) nodes.item(i));
    }
    return all;
  }

  static List<String> texts(Document svg) {
    return elements(svg, "text").stream().map(Element::getTextContent).toList();
  }

  /** Every text of the one page, each from its first to its last letter. */
  static String pdfText(FigureRequest request) throws IOException {
    byte[] bytes = Figures.render(request, FigureFormat.PDF);
    assertEquals("%PDF-", new String(bytes, 0, 5, StandardCharsets.US_ASCII));
    try (PDDocument document = Loader.loadPDF(bytes)) {
      assertEquals(1, document.getNumberOfPages());
      assertEquals(request.width(), document.getPage(0).getMediaBox().getWidth(), 0.01);
      assertEquals(request.height(), document.getPage(0).getMediaBox().getHeight(), 0.01);
      StringBuilder text = new StringBuilder();
      // As they were written: sorting by place would take slanted names apart.
      PDFTextStripper letters =
          new PDFTextStripper() {
            @Override
            protected void processTextPosition(TextPosition position) {
              text.append(position.getUnicode());
            }
          };
      letters.getText(document);
      return text.toString();
    }
  }

  /** The picture, after it was seen that there is something in its middle. */
  static BufferedImage png(FigureRequest request) throws IOException {
    byte[] bytes = Figures.render(request, FigureFormat.PNG);
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(bytes));
    assertEquals((int) request.width(), image.getWidth());
    assertEquals((int) request.height(), image.getHeight());
    Set<Integer> colours = new HashSet<>();
    for (int y = image.getHeight() / 4; y < image.getHeight() * 3 / 4; y++) {
      for (int x = image.getWidth() / 5; x < image.getWidth() * 4 / 5; x++) {
        colours.add(image.getRGB(x, y));
      }
    }
    assertTrue(colours.size() > 4, () -> request.figure() + " has " + colours.size() + " colours");
    return image;
  }
}
