package io.depthscope.dataset;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.BufferUnderflowException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import javax.imageio.IIOException;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;

/**
 * Turns an image file into RGB bytes as {@code convert('RGB')} of PIL does: colour profiles and
 * alpha are ignored, grey is copied to three channels, CMYK is converted without a profile, 16-bit
 * colour keeps its upper byte and 16-bit grey is cut off at 255.
 *
 * <p>JPEG and PNG are decoded by the JDK's own readers; plug-ins on the class path are passed over,
 * as they decode through the same library. JPEG results equal libjpeg-turbo's to the bit when the
 * raw components are taken and converted here, except for the rare files whose colour is subsampled
 * vertically alone (4:4:0), where newer releases of that library smooth differently. GIF (first
 * frame), BMP, PNM and TIFF are decoded here.
 *
 * <p>Not safe for several threads; each thread takes its own.
 */
final class ImageDecoder {
  /** Images with more pixels are refused before any is allocated. */
  static final long MAX_PIXELS = 100_000_000;

  private static final int MAX_EDGE = 65_535;

  /** What libjpeg remarks on bytes between the last block and the end marker. */
  private static final String FURTHER_BYTES = "extraneous bytes before marker";

  private final DecodeBudget budget;
  private ImageReader jpegReader;
  private ImageReader pngReader;

  /**
   * @param budget shared by all decoders of a data set
   */
  ImageDecoder(DecodeBudget budget) {
    this.budget = budget;
  }

  /**
   * @param applyOrientation whether an EXIF orientation is obeyed; that of a TIFF file always is,
   *     as it belongs to the format
   * @throws IOException if the bytes are no usable image; the message is the reason alone
   */
  RgbImage decode(byte[] file, boolean applyOrientation) throws IOException {
    try {
      return switch (ImageFormat.of(file)) {
        case JPEG -> {
          JpegHeader header = JpegHeader.parse(file);
          RgbImage image = decode(header.width(), header.height(), file, () -> decodeJpeg(header));
          yield applyOrientation
              ? Orientation.apply(ExifOrientation.of(header.exif(), header.xmp()), image)
              : image;
        }
        case PNG -> {
          PngHeader header = PngHeader.parse(file);
          RgbImage image =
              decode(header.width(), header.height(), file, () -> decodePng(header, file));
          yield applyOrientation ? Orientation.apply(PngHeader.orientation(file), image) : image;
        }
        case GIF -> decode(GifImage.parse(file), file);
        case BMP -> decode(BmpImage.parse(file), file);
        case PNM -> decode(PnmImage.parse(file), file);
        case TIFF -> decode(TiffImage.parse(file), file);
        case OTHER -> throw new IOException(ImageFormat.describe(file));
      };
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } catch (BufferUnderflowException | IndexOutOfBoundsException e) {
      throw new IOException("truncated or damaged", e);
    } catch (RuntimeException e) {
      // The JDK's readers answer some damaged files with unchecked exceptions.
      throw new IOException(
          e.getMessage() == null ? "damaged" : "damaged (" + e.getMessage() + ")", e);
    }
  }

  /** Decodes pixels whose number is known. */
  private interface Pixels {
    RgbImage decode() throws IOException;
  }

  private RgbImage decode(ParsedImage image, byte[] file) throws IOException {
    return decode(image.width(), image.height(), file, image::decode);
  }

  private RgbImage decode(long width, long height, byte[] file, Pixels pixels) throws IOException {
    if (width < 1 || height < 1) {
      throw new IOException("no pixels in it");
    }
    if (width > MAX_EDGE || height > MAX_EDGE || width * height > MAX_PIXELS) {
      throw new IOException(
          width + "x" + height + " pixels are more than the limit of 100 million");
    }
    int acquired = budget.acquire((int) width, (int) height, file.length);
    try {
      return pixels.decode();
    } finally {
      budget.release(acquired);
    }
  }

  private RgbImage decodeJpeg(JpegHeader header) throws IOException {
    if (jpegReader == null) {
      jpegReader = platformReader("jpeg");
    }
    Raster raster;
    boolean done = false;
    try {
      jpegReader.setInput(new ByteArrayImageStream(header.bare()), true, true);
      List<String> warnings = new ArrayList<>();
      if (!header.ended()) {
        jpegReader.addIIOReadWarningListener((reader, warning) -> warnings.add(warning));
      }
      raster = jpegReader.readRaster(0, null);
      if (warnings.stream().anyMatch(w -> !w.contains(FURTHER_BYTES))) {
        throw new IOException("truncated: no end of image");
      }
      jpegReader.removeAllIIOReadWarningListeners();
      done = true;
    } finally {
      if (!done) { // a reader is not to be trusted after a failure
        jpegReader.dispose();
        jpegReader = null;
      }
    }
    byte[] samples = interleaved(raster, header.components());
    int width = header.width();
    int height = header.height();
    if (raster.getWidth() != width || raster.getHeight() != height) {
      throw new IOException("decoded to another size than its header says");
    }
    return new RgbImage(width, height, JpegColour.toRgb(samples, header));
  }

  private RgbImage decodePng(PngHeader header, byte[] file) throws IOException {
    PngHeader.checkChunks(file);
    if (pngReader == null) {
      pngReader = platformReader("png");
    }
    BufferedImage image;
    try {
      pngReader.setInput(new ByteArrayImageStream(file), true, true);
      image = pngReader.read(0);
    } catch (IIOException e) { // its own words say no more
      throw new IOException("truncated or damaged: its pixels cannot be read", e);
    } finally {
      pngReader.reset();
    }
    return fromPng(image, header.saturates());
  }

  private static RgbImage fromPng(BufferedImage image, boolean saturate) {
    Raster raster = image.getRaster();
    ColorModel colours = image.getColorModel();
    int width = image.getWidth();
    int height = image.getHeight();
    byte[] rgb = new byte[3 * width * height];
    int bands = raster.getNumBands();
    int green = bands < 3 ? 0 : 1;
    int blue = bands < 3 ? 0 : 2;
    int shift = Math.max(0, raster.getSampleModel().getSampleSize(0) - 8); // 16 bits: upper byte
    int[] row = new int[width * bands];
    int at = 0;
    for (int y = 0; y < height; y++) {
      raster.getPixels(0, y, width, 1, row);
      for (int x = 0; x < width; x++) {
        if (colours instanceof IndexColorModel palette) {
          int colour = palette.getRGB(row[x]);
          rgb[at++] = (byte) (colour >> 16);
          rgb[at++] = (byte) (colour >> 8);
          rgb[at++] = (byte) colour;
        } else {
          if (saturate) {
            Arrays.fill(rgb, at, at + 3, (byte) Math.min(255, row[x * bands]));
            at += 3;
            continue;
          }
          rgb[at++] = (byte) (row[x * bands] >> shift);
          rgb[at++] = (byte) (row[x * bands + green] >> shift);
          rgb[at++] = (byte) (row[x * bands + blue] >> shift);
        }
      }
    }
    return new RgbImage(width, height, rgb);
  }

  /** The raster's own array where it is laid out pixel by pixel without gaps. */
  private static byte[] interleaved(Raster raster, int bands) throws IOException {
    if (raster.getNumBands() != bands) {
      throw new IOException(
          "decoded to " + raster.getNumBands() + " components instead of " + bands);
    }
    if (raster.getDataBuffer() instanceof DataBufferByte buffer
        && raster.getSampleModel() instanceof PixelInterleavedSampleModel model
        && buffer.getNumBanks() == 1
        && buffer.getData().length == raster.getWidth() * raster.getHeight() * bands
        && inOrder(model.getBandOffsets())) {
      return buffer.getData();
    }
    throw new IOException("decoded to an unexpected layout");
  }

  private static boolean inOrder(int[] offsets) {
    for (int i = 0; i < offsets.length; i++) {
      if (offsets[i] != i) {
        return false;
      }
    }
    return true;
  }

  /** The reader that comes with the JDK, whatever plug-ins lie on the class path. */
  private static ImageReader platformReader(String format) throws IOException {
    Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format);
    while (readers.hasNext()) {
      ImageReader reader = readers.next();
      if (reader.getClass().getModule() == ImageIO.class.getModule()) {
        return reader;
      }
    }
    throw new IOException("this JDK has no " + format.toUpperCase(Locale.ROOT) + " reader");
  }
}
