package io.depthscope.dataset;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.depthscope.file.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every format agrees with PIL over the table that tools/golden_formats.py made. */
class GoldenFormatsTest {
  /** Read by PIL and refused here. */
  private static final Set<String> REFUSED =
      Set.of(
          // whole but for its end marker, where PIL's decoder happens to have looked ahead enough
          "jpeg-baseline-RGB-cut2.jpg",
          // kinds of TIFF that are not decoded, and premultiplied colours
          "tiff-jpeg.tif",
          "tiff-group4.tif",
          "tiff-raw-le-1-12-1.tif",
          "tiff-raw-le-1-32-1.tif",
          "tiff-raw-le-extra1.tif",
          "tiff-raw-be-extra1.tif");

  /** Refused by PIL and read here. */
  private static final Set<String> ACCEPTED = Set.of();

  private record Case(String name, byte[] file, List<String> answer) {
    boolean isError() {
      return answer.get(1).equals("error");
    }
  }

  private static List<Case> cases(String kind) throws IOException {
    List<Case> cases = new ArrayList<>();
    try (ZipFile zip = new ZipFile(TestImages.GOLDEN.resolve("formats.zip").toFile())) {
      for (String line :
          new String(bytes(zip, "answers.txt"), StandardCharsets.UTF_8).split("\n")) {
        List<String> answer = List.of(line.split(" "));
        if (answer.get(0).startsWith(kind + "-")) {
          cases.add(new Case(answer.get(0), bytes(zip, answer.get(0)), answer));
        }
      }
    }
    return cases;
  }

  private static byte[] bytes(ZipFile zip, String name) throws IOException {
    ZipEntry entry = zip.getEntry(name);
    return zip.getInputStream(entry).readAllBytes();
  }

  private static ImageDecoder decoder() {
    return new ImageDecoder(new DecodeBudget(1L << 28));
  }

  private static String pixels(RgbImage image) {
    String sha256 = Sha256.of(image.rgb());
    return image.width() + " " + image.height() + " " + sha256;
  }

  @ParameterizedTest
  @CsvSource({"png,55", "jpeg,66", "bmp,82", "gif,33", "pnm,50", "tiff,137", "orient,862"})
  void decodesAsPilDoes(String kind, int count) throws IOException {
    List<Case> cases = cases(kind);
    assertEquals(count, cases.size());
    ImageDecoder decoder = decoder(); // one for all: a failure must not spoil what follows
    assertAll(cases.stream().map(c -> () -> check(c, decoder)));
  }

  private static void check(Case c, ImageDecoder decoder) {
    String got;
    try {
      got = "ok " + pixels(decoder.decode(c.file(), false));
    } catch (IOException e) {
      got = "error " + e.getMessage();
    }
    boolean refused = c.isError() ? !ACCEPTED.contains(c.name()) : REFUSED.contains(c.name());
    if (refused) {
      assertTrue(got.startsWith("error "), c.name() + ": PIL refuses it, not so here");
    } else if (!c.isError()) {
      assertEquals("ok " + String.join(" ", c.answer().subList(2, 5)), got, c.name());
    } else {
      assertTrue(got.startsWith("ok "), c.name() + " " + got);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tiff-jpeg.tif | a TIFF image of compression JPEG",
        "tiff-group4.tif | a TIFF image of compression CCITT Group 4 fax",
        "tiff-raw-le-1-12-1.tif | a TIFF image of an unusual kind (grey, 1 sample of 12 bits)",
        "tiff-raw-le-extra1.tif | a TIFF image of an unusual kind (RGB, 4 samples of 8 bits)",
        "bmp-compression-4.bmp | a bitmap of compression JPEG"
      })
  void saysWhatIsNotDecoded(String name, String reason) throws IOException {
    Case c =
        cases(name.substring(0, name.indexOf('-'))).stream()
            .filter(one -> one.name().equals(name))
            .findFirst()
            .orElseThrow();
    IOException e = assertThrows(IOException.class, () -> decoder().decode(c.file(), false));
    assertEquals(reason, e.getMessage());
  }

  @Test
  void orientationIsThatOfExifTranspose() throws IOException {
    List<Case> cases = cases("orient");
    Map<String, Integer> seen = new HashMap<>();
    List<Executable> checks = new ArrayList<>();
    for (Case c : cases) {
      String expected = c.answer().get(5);
      seen.merge(expected, 1, Integer::sum);
      checks.add(
          () -> {
            RgbImage stored = decoder().decode(c.file(), false);
            // What makes PIL fail leaves the photograph as it is.
            int orientation = expected.equals("error") ? 1 : Integer.parseInt(expected);
            assertEquals(
                pixels(Orientation.apply(orientation, stored)),
                pixels(decoder().decode(c.file(), true)),
                c.name() + ": PIL says " + expected);
          });
    }
    assertAll(checks);
    for (int orientation = 1; orientation <= 8; orientation++) {
      assertTrue(seen.getOrDefault(Integer.toString(orientation), 0) > 5, seen.toString());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "jpeg", "bmp", "gif", "pnm", "tiff"})
  void damageGivesAnImageOrAnIoException(String kind) throws IOException {
    Random random = new Random(29);
    ImageDecoder decoder = decoder();
    int read = 0;
    for (Case c : cases(kind)) {
      for (int round = 0; round < 12; round++) {
        byte[] bad =
            Arrays.copyOf(c.file(), Math.max(1, c.file().length - round % 3 * random.nextInt(9)));
        for (int i = random.nextInt(3); i >= 0; i--) {
          // Headers are where damage hurts most.
          bad[random.nextInt(round % 2 == 0 ? Math.min(64, bad.length) : bad.length)] =
              (byte) random.nextInt(256);
        }
        try {
          RgbImage image = decoder.decode(bad, true);
          assertEquals(3 * image.width() * image.height(), image.rgb().length);
          read++;
        } catch (IOException e) {
          assertNotNull(e.getMessage(), c.name() + " round " + round);
        }
      }
    }
    // Checksums stop nearly everything in a PNG.
    assertTrue(
        read > (kind.equals("png") ? 0 : 10), "some damage does not stop a decoder: " + read);
  }

  /** A header's claim is judged before anything is allocated for it. */
  @ParameterizedTest
  @CsvSource({
    "bmp-24-40.bmp,18,4,little",
    "gif-4.gif,6,2,little",
    "tiff-raw-be-2-8-3.tif,0,0,big",
    "pnm-p6-255.ppm,3,0,text"
  })
  void hugeClaimsAreRefused(String name, int at, int bytes, String how) throws IOException {
    byte[] file =
        cases(name.substring(0, name.indexOf('-'))).stream()
            .filter(c -> c.name().equals(name))
            .findFirst()
            .orElseThrow()
            .file();
    if (how.equals("text")) {
      file = "P6\n60000 60000\n255\n\0\0\0".getBytes(StandardCharsets.US_ASCII);
    } else if (how.equals("big")) {
      int entry = 8 + 13 * 7 * 3 + 1 + 2;
      file[entry + 8] = (byte) 0xea;
      file[entry + 12 + 8] = (byte) 0xea;
    } else {
      for (int edge = 0; edge < 2; edge++) {
        file[at + edge * bytes] = 0x60;
        file[at + edge * bytes + 1] = (byte) 0xea;
      }
    }
    byte[] claim = file;
    String message =
        assertThrows(IOException.class, () -> decoder().decode(claim, false)).getMessage();
    assertTrue(message.endsWith("pixels are more than the limit of 100 million"), message);
  }
}
