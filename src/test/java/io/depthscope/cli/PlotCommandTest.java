package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which files {@code plot} writes, and what it says where it cannot. */
class PlotCommandTest {
  @TempDir static Path shared;
  private static Path run;

  @TempDir Path folder;

  @BeforeAll
  static void prepare() {
    run = shared.resolve("run");
    CommandLineRun.analyze(
            "--data", "synthetic:20", "--calibrate", "10", "--backend", "cpu", "--out", run)
        .succeeds();
  }

  private static CommandLineRun plot(Object... args) {
    Object[] all = new Object[args.length + 1];
    all[0] = "plot";
    System.arraycopy(args, 0, all, 1, args.length);
    return CommandLineRun.of(all);
  }

  @Test
  void theFiguresAreListed() {
    CommandLineRun list = plot("--list").succeeds();
    assertEquals(11, list.out().lines().count(), list::toString);
    for (String line : list.out().lines().toList()) {
      assertTrue(line.matches("[a-z-]+ {1,20}\\S.*"), line);
      plot(run, "--figure", line.replaceAll(" .*", "") + "s").isMisuse("expected", "gain");
    }
  }

  @Test
  void theDefaultFileIsInTheRunAndIsReplaced() throws IOException {
    for (String format : new String[] {"svg", "png", "pdf"}) {
      Path file = run.resolve("gain." + format);
      Files.writeString(file, "an older figure");
      CommandLineRun drawn = plot(run, "--figure", "gain", "--format", format).succeeds();
      assertEquals("figure: " + file, drawn.out().strip());
      assertTrue(Files.size(file) > 1000, file::toString);
    }
    plot(run, "--figure", "histogram", "--layer", "stem").succeeds();
    assertTrue(Files.exists(run.resolve("histogram-stem.svg")));
    plot(run, "--figure", "heat-map", "--metric", "levels").succeeds();
    assertTrue(Files.exists(run.resolve("heat-map-levels.svg")));
  }

  @Test
  void anotherFileIsReplacedOnlyWhenAsked() throws IOException {
    Path file = folder.resolve("a.pdf");
    plot(run, "--figure", "margins", "--out", file).succeeds();
    byte[] first = Files.readAllBytes(file);
    assertEquals("%PDF", new String(first, 0, 4, StandardCharsets.US_ASCII));
    Files.writeString(file, "mine");
    plot(run, "--figure", "margins", "--out", file).isMisuse(file.toString(), "--overwrite");
    assertEquals("mine", Files.readString(file));
    plot(run, "--figure", "margins", "--out", file, "--overwrite").succeeds();
    assertArrayEquals(first, Files.readAllBytes(file));
  }

  @Test
  void aPictureHasTheSizeAskedFor() throws IOException {
    Path file = folder.resolve("a.PNG");
    plot(run, "--figure", "gain", "--out", file, "--width", 333, "--height", 222, "--dark")
        .succeeds();
    assertEquals(333, ImageIO.read(file.toFile()).getWidth());
    assertEquals(222, ImageIO.read(file.toFile()).getHeight());
    plot(run, "--figure", "gain", "--out", file, "--height", 300, "--overwrite").succeeds();
    assertEquals(500, ImageIO.read(file.toFile()).getWidth());
  }

  @Test
  void runsOfOneNameAreToldApart() throws IOException {
    Path twin = Files.createDirectories(folder.resolve("other")).resolve("run");
    Files.createDirectories(twin);
    try (Stream<Path> files = Files.list(run)) {
      for (Path f : files.toList()) {
        Files.copy(f, twin.resolve(f.getFileName()));
      }
    }
    Path file = folder.resolve("both.svg");
    plot(run, twin, "--figure", "error-propagation", "--width", 3000, "--out", file).succeeds();
    String svg = Files.readString(file);
    assertTrue(svg.contains(">" + run + "<") && svg.contains(">" + twin + "<"), svg);
  }

  @Test
  void misuseIsSaidInOneLine() {
    plot(run).isMisuse("--figure is missing", "heat-map");
    plot("--figure", "gain").isMisuse("no run");
    plot(run, run, "--figure", "heat-map").isMisuse("heat-map shows one run");
    plot(run, "--figure", "gain", "--layer", "stem").isMisuse("--layer");
    plot(run, "--figure", "gain", "--metric", "sqnr").isMisuse("--metric");
    plot(run, "--figure", "histogram").isMisuse("needs --layer", "stem");
    plot(run, "--figure", "histogram", "--layer", "nowhere").isMisuse("nowhere", "stem");
    plot(run, "--figure", "gain", "--format", "gif").isMisuse("gif");
    plot(run, "--figure", "gain", "--out", folder.resolve("a.jpg")).isMisuse("a.jpg", "--format");
    plot(run, "--figure", "gain", "--width", "NaN").isMisuse("--width");
    plot(run, "--figure", "gain", "--width", 5).isMisuse("--width", "100");
    plot(run, "--figure", "gain", "--text-scale", 9).isMisuse("--text-scale");
    plot(run, "--figure", "gain", "--format", "png", "--width", 20000, "--height", 20000)
        .isMisuse("40 million");
  }

  @Test
  void whatCannotBeReadOrWrittenIsNamed() throws IOException {
    plot(folder.resolve("absent"), "--figure", "gain").fails("absent", "no such file or directory");
    plot(folder, "--figure", "gain").fails(folder.toString(), "no finished run");
    plot(run, "--figure", "gain", "--out", folder.resolve("no/a.svg"))
        .fails("cannot write", "a.svg", "no such file");
    plot(run, "--figure", "gain", "--format", "svg", "--out", folder)
        .isMisuse("is a folder", "folder");
    // The place where the file is prepared is taken: nothing is left, and nothing is lost.
    Path target = Files.writeString(folder.resolve("b.svg"), "old");
    Files.createDirectory(folder.resolve("b.svg.partial"));
    Files.createFile(folder.resolve("b.svg.partial/full"));
    plot(run, "--figure", "gain", "--out", target, "--overwrite").fails("cannot write", "b.svg");
    assertEquals("old", Files.readString(target));
    assertFalse(Files.exists(folder.resolve("a.svg")));
  }
}
