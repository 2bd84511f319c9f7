package io.depthscope.dataset;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
    String sha256 = Fingerprints.hex(Fingerprints.sha256().digest(image.rgb()));
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
}
