package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.depthscope.record.RunDirectory;
import io.depthscope.testkit.RunSpecs;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images, class folders and output folders that are not what they should be. */
class HostileDataTest {
  @TempDir private Path folder;

  private Path out() {
    return folder.resolve("out");
  }

  private CommandLineRun analyze(Object data, Object... more) {
    Object[] args = new Object[6 + more.length];
    System.arraycopy(
        new Object[] {"--data", data, "--calibrate", 100, "--out", out()}, 0, args, 0, 6);
    System.arraycopy(more, 0, args, 6, more.length);
    return CommandLineRun.analyze(args);
  }

  private JsonNode network() {
    return RunFiles.json(out().resolve("results.json")).path("network");
  }

  private Path synsets(int classes) throws IOException {
    return Files.writeString(
        folder.resolve("synsets.txt"),
        IntStream.range(0, classes)
            .mapToObj(c -> "class" + c + "\n")
            .collect(Collectors.joining()));
  }

  @Test
  void threeClassesAreNotTen() throws IOException {
    Path images = ImageFiles.classes(folder.resolve("images"), 3, 2);
    analyze(images).fails(images.toString(), "3 classes", "10", "--synsets");
    CommandLineRun.of("pack", "--quiet", "--data", images, "--out", folder.resolve("packed"))
        .fails(images.toString(), "3 classes", "10", "--synsets");
    assertFalse(Files.exists(out()) || Files.exists(folder.resolve("packed")));
    analyze(images, "--synsets", synsets(10)).succeeds();
    assertEquals(6, network().path("images").intValue());
  }

  @Test
  void synsetsThatDoNotFit() throws IOException {
    Path images = ImageFiles.classes(folder.resolve("images"), 3, 2);
    analyze(images, "--synsets", folder.resolve("none.txt")).fails("none.txt");
    analyze(images, "--synsets", synsets(2)).fails("class2", "synsets.txt");
    analyze(images, "--synsets", synsets(11)).fails("11 classes", "10");
    Path twice = Files.writeString(folder.resolve("twice.txt"), "class0\nclass1\nclass0\nclass2\n");
    analyze(images, "--synsets", twice).fails("class0", "twice");
    analyze("synthetic:5", "--synsets", twice).fails("synsets file", "folder");
  }

  /** Labels play no part in a calibration, so that its images may be of any kind. */
  @Test
  void synsetsDoNotConcernTheCalibration() throws IOException {
    Path images = ImageFiles.classes(folder.resolve("images"), 3, 2);
    Path others = ImageFiles.png(folder.resolve("others/unlisted/a.png"), 32, 32, 1);
    Path calibration = others.getParent().getParent();
    analyze(images, "--synsets", synsets(10), "--calibrate-data", calibration).succeeds();
    analyze(images, "--overwrite", "--synsets", synsets(10), "--calibrate-data", "synthetic:4")
        .succeeds();
  }

  @Test
  void noImages() throws IOException {
    Path images = Files.createDirectories(folder.resolve("images"));
    analyze(images).fails(images.toString(), "no images");
    Files.createDirectories(images.resolve("class0"));
    Files.writeString(images.resolve("class0").resolve("notes.txt"), "x");
    analyze(images).fails(images.toString(), "no images");
    analyze("synthetic:0").fails("synthetic:0");
    analyze("synthetic:-1").fails("synthetic:-1");
    analyze(folder.resolve("nowhere")).fails("nowhere", "no such file or directory");
    Path text = Files.writeString(folder.resolve("file.dat"), "nothing of ours");
    analyze(text).fails("file.dat");
    assertFalse(Files.exists(out()));
  }

  /** A flat folder calibrates; what is left out there and beside the data is said and recorded. */
  @Test
  void whatIsLeftOutIsSaidAndRecorded() throws IOException {
    Path images = ImageFiles.tenClasses(folder.resolve("images"), 1);
    ImageFiles.text(images.resolve("class3").resolve("x.webp"));
    Path flat = ImageFiles.png(folder.resolve("flat/a.png"), 32, 32, 1).getParent();
    ImageFiles.text(flat.resolve("y.avif"));
    CommandLineRun run = analyze(images, "--calibrate-data", flat).succeeds();
    String notice = ": 1 file is no image this program reads: 1 .";
    assertEquals(
        List.of(
            "depthscope: skipped in " + images + notice + "webp",
            "depthscope: skipped in " + flat + notice + "avif"),
        run.err().lines().toList());
    JsonNode left = RunFiles.json(out().resolve("manifest.json")).path("leftOut");
    assertEquals(1, left.size());
    assertEquals("1 file is no image this program reads: 1 .webp", left.get(0).textValue());
  }

  @Test
  void noReadableImages() throws IOException {
    Path images = folder.resolve("images");
    for (int c = 0; c < 10; c++) {
      ImageFiles.text(images.resolve("class" + c).resolve("a.jpg"));
    }
    analyze(images).fails("no image to calibrate with");
    assertFalse(Files.exists(out().resolve("results.json")));
    Path readable = ImageFiles.tenClasses(folder.resolve("readable"), 1);
    analyze(images, "--overwrite", "--calibrate-data", readable)
        .fails(images.toString(), "no image could be read");
    assertFalse(Files.exists(out().resolve("results.json")));
    CommandLineRun.of("pack", "--quiet", "--data", images, "--out", folder.resolve("packed"))
        .fails(images.toString(), "no image could be read");
    assertFalse(Files.exists(folder.resolve("packed")));
  }

  @Test
  void textNamedJpgIsReportedSkippedAndCounted() throws IOException {
    Path images = ImageFiles.tenClasses(folder.resolve("images"), 2);
    ImageFiles.text(images.resolve("class4").resolve("a, \"b\".jpg"));
    Path good = ImageFiles.tenClasses(folder.resolve("good"), 2);
    CommandLineRun run = analyze(images, "--calibrate-data", good).succeeds();
    assertEquals(1, run.err().lines().count(), run::err);
    assertTrue(run.err().startsWith("depthscope: skipped class4/a, \"b\".jpg: "), run::err);
    assertEquals(20, network().path("images").intValue());
    assertEquals(1, network().path("skippedImages").intValue());
    JsonNode skipped = RunFiles.json(out().resolve(RunFiles.MANIFEST)).path("skippedImages");
    assertEquals(1, skipped.size());
    assertTrue(skipped.get(0).textValue().startsWith("class4/a"), skipped::toString);
    List<Map<String, String>> rows = RunFiles.csv(out().resolve("predictions.csv"));
    assertEquals(20, rows.size());
    assertTrue(rows.stream().noneMatch(r -> r.get("image").contains("\"b\"")));
    assertEquals("9", rows.get(8).get("index"), "number 8 is the one that was skipped");
    assertEquals("class4/image 0.png", rows.get(8).get("image"));
  }

  @Test
  void strictFailsOnIt() throws IOException {
    Path images = ImageFiles.tenClasses(folder.resolve("images"), 2);
    ImageFiles.text(images.resolve("class4").resolve("words.jpg"));
    analyze(images, "--strict").fails("class4/words.jpg");
    assertFalse(Files.exists(out().resolve("results.json")));
    CommandLineRun.of(
            "pack", "--quiet", "--strict", "--data", images, "--out", folder.resolve("packed"))
        .fails("class4/words.jpg");
    assertFalse(Files.exists(folder.resolve("packed")));
  }

  @Test
  void imagesOfOnePixelAndOfExtremeWidth() throws IOException {
    Path images = ImageFiles.tenClasses(folder.resolve("images"), 1);
    ImageFiles.png(images.resolve("class1").resolve("dot.png"), 1, 1, 1);
    ImageFiles.png(images.resolve("class2").resolve("wide.png"), 20_000, 3, 2);
    ImageFiles.png(images.resolve("class3").resolve("line.png"), 20_000, 1, 3);
    ImageFiles.png(images.resolve("class4").resolve("pole.png"), 1, 20_000, 4);
    CommandLineRun run = analyze(images).succeeds();
    assertEquals(List.of(), told(run));
    assertEquals(14, network().path("images").intValue());
    assertEquals(0, network().path("skippedImages").intValue());
  }

  /** A file of a few bytes may not make the program allocate gigabytes. */
  @Test
  void anImageThatClaimsToBeHuge() throws IOException {
    Path images = ImageFiles.tenClasses(folder.resolve("images"), 1);
    Files.write(images.resolve("class1").resolve("bomb.png"), pngHeader(20_000, 20_000));
    Files.write(images.resolve("class2").resolve("bomb.png"), pngHeader(Integer.MAX_VALUE, 1));
    CommandLineRun run = analyze(images).succeeds();
    assertEquals(4, told(run).size(), run::err); // when calibrating, and when running
    assertEquals(2, network().path("skippedImages").intValue());
  }

  @Test
  void twoRunsDoNotShareAFolder() throws IOException {
    try (RunDirectory busy =
        RunDirectory.open(out(), RunSpecs.of("w", 1, false, "cpu"), false, false)) {
      assertEquals(out(), busy.path());
      CommandLineRun.analyze("--data", "synthetic:4", "--calibrate", 2, "--out", out())
          .fails("another run is writing there");
    }
    CommandLineRun.analyze("--data", "synthetic:4", "--calibrate", 2, "--out", out()).succeeds();
  }

  /** A small file may hold more pixels than the heap: it is skipped, the others are run. */
  @Test
  void anImageThatNeedsMoreThanItsShareOfTheHeap() throws IOException {
    long pixels = Runtime.getRuntime().maxMemory() / 4 / 11;
    int edge = (int) Math.sqrt((double) pixels) + 200;
    Path images = ImageFiles.tenClasses(folder.resolve("images"), 1);
    Files.write(images.resolve("class1").resolve("large.png"), pngHeader(edge, edge));
    CommandLineRun run = analyze(images).succeeds();
    assertTrue(run.err().contains("a quarter of the heap"), run::err);
    assertEquals(1, network().path("skippedImages").intValue());
  }

  /** All but that images are calibrated with that are run, too. */
  private static List<String> told(CommandLineRun run) {
    return run.err().lines().filter(l -> !l.contains("--exclude-calibration")).toList();
  }

  private static byte[] pngHeader(int width, int height) throws IOException {
    ByteArrayOutputStream chunk = new ByteArrayOutputStream();
    DataOutputStream ihdr = new DataOutputStream(chunk);
    ihdr.write("IHDR".getBytes(StandardCharsets.US_ASCII));
    ihdr.writeInt(width);
    ihdr.writeInt(height);
    ihdr.write(new byte[] {8, 2, 0, 0, 0});
    CRC32 crc = new CRC32();
    crc.update(chunk.toByteArray());
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(file);
    out.writeLong(0x89504e470d0a1a0aL);
    out.writeInt(13);
    out.write(chunk.toByteArray());
    out.writeInt((int) crc.getValue());
    return file.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"file", "file/below", "file/far/below"})
  void outputThatCannotBeAFolder(String name) throws IOException {
    Files.writeString(folder.resolve("file"), "mine");
    Path out = folder.resolve(name);
    CommandLineRun.analyze("--data", "synthetic:5", "--out", out)
        .fails("cannot create the run directory " + out + ": ", "--out");
    CommandLineRun.of(
            "pack", "--quiet", "--data", "synthetic:5", "--overwrite", "--out", out + "/x")
        .fails("cannot write " + out);
    assertEquals("mine", Files.readString(folder.resolve("file")));
  }

  @Test
  void packBelowAMissingFolder() {
    Path out = folder.resolve("missing").resolve("packed");
    CommandLineRun.of("pack", "--quiet", "--data", "synthetic:5", "--out", out)
        .fails("cannot write " + out, "no such file or directory");
  }
}
