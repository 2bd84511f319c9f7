package io.depthscope.dataset;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;

/**
 * Turns a JPEG or PNG file into RGB bytes as {@code convert('RGB')} of PIL does: colour profiles
 * and alpha are ignored, grey is copied to three channels, CMYK is converted without a profile.
 *
 * <p>The JDK's own readers do the decoding; plug-ins on the class path are passed over, as they
 * decode through the same library. JPEG results equal libjpeg-turbo's to the bit when the raw
 * components are taken and converted here, except for the rare files whose colour is subsampled
 * vertically alone (4:4:0), where newer releases of that library smooth differently. 16-bit PNG
 * samples keep their upper byte; PIL does so for colour but saturates 16-bit grey at 255.
 *
 * <p>Not safe for several threads; each thread takes its own.
 */
final class ImageDecoder {
  /** Images with more pixels are refused before any is allocated. */
  static final long MAX_PIXELS = 100_000_000;

  private static final int MAX_EDGE = 65_535;
  private static final byte[] PNG_SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10};

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
   * @param applyOrientation whether an EXIF orientation is obeyed
   * @throws IOException if the bytes are no usable image; the message is the reason alone
   */
  RgbImage decode(byte[] file, boolean applyOrientation) throws IOException {
    try {
      if (JpegHeader.looksLikeJpeg(file)) {
        JpegHeader header = JpegHeader.parse(file);
        checkSize(header.width(), header.height());
        int acquired = budget.acquire(header.width(), header.height(), file.length);
        try {
          RgbImage image = decodeJpeg(header);
          return applyOrientation ? Orientation.apply(header.orientation(), image) : image;
        } finally {
          budget.release(acquired);
        }
      }
      if (file.length > 24 && Arrays.equals(file, 0, 8, PNG_SIGNATURE, 0, 8)) {
        ByteBuffer bytes = ByteBuffer.wrap(file);
        checkSize(bytes.getInt(16), bytes.getInt(20)); // the header chunk always comes first
        int acquired = budget.acquire(bytes.getInt(16), bytes.getInt(20), file.length);
        try {
          return decodePng(file);
        } finally {
          budget.release(acquired);
        }
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } catch (RuntimeException e) {
      // The JDK's readers answer some damaged files with unchecked exceptions.
      throw new IOException("damaged image (" + e + ")", e);
    }
    throw new IOException(file.length == 0 ? "empty file" : "not a JPEG or PNG image");
  }

  private static void checkSize(int width, int height) throws IOException {
    if (width < 1 || height < 1) {
      throw new IOException("no pixels in it");
    }
    if (width > MAX_EDGE || height > MAX_EDGE || (long) width * height > MAX_PIXELS) {
      throw new IOException(
          width + "x" + height + " pixels are more than the limit of 100 million");
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
      raster = jpegReader.readRaster(0, null);
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

  private RgbImage decodePng(byte[] file) throws IOException {
    if (pngReader == null) {
      pngReader = platformReader("png");
    }
    BufferedImage image;
    try {
      pngReader.setInput(new ByteArrayImageStream(file), true, true);
      image = pngReader.read(0);
    } finally {
      pngReader.reset();
    }
    return fromPng(image);
  }

  private static RgbImage fromPng(BufferedImage image) {
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
