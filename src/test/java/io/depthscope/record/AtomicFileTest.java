package io.depthscope.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AtomicFileTest {
  @TempDir private Path folder;

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private List<Path> files() throws IOException {
    try (var list = Files.list(folder)) {
      return list.toList();
    }
  }

  @Test
  void replacesTheWholeFile() throws IOException {
    Path file = Files.writeString(folder.resolve("a"), "a long old content");
    AtomicFile.write(file, out -> out.write(bytes("new")));
    assertEquals("new", Files.readString(file));
    assertEquals(List.of(file), files());
  }

  @Test
  void keepsTheOldContentWhenTheNewOneFails() throws IOException {
    Path file = Files.writeString(folder.resolve("a"), "old");
    IOException e =
        assertThrows(
            IOException.class,
            () ->
                AtomicFile.write(
                    file,
                    out -> {
                      out.write(new byte[200_000]);
                      throw new IOException("the source broke");
                    }));
    assertEquals("cannot write " + file + ": the source broke", e.getMessage());
    assertThrows(
        IllegalStateException.class,
        () ->
            AtomicFile.write(
                file,
                out -> {
                  throw new IllegalStateException("a fault of ours");
                }));
    assertEquals("old", Files.readString(file));
    assertEquals(List.of(file), files());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4096, 100_000})
  void keepsTheOldContentOnAFullDisk(int tooMany) throws IOException {
    Configuration small =
        Configuration.unix().toBuilder().setMaxSize(64 * 1024).setBlockSize(1024).build();
    try (FileSystem disk = Jimfs.newFileSystem(small)) {
      Path file = Files.writeString(disk.getPath("/a"), "old");
      byte[] content = new byte[63 * 1024 + tooMany];
      IOException e =
          assertThrows(IOException.class, () -> AtomicFile.write(file, out -> out.write(content)));
      assertEquals("cannot write /a: out of disk space", e.getMessage());
      assertEquals("old", Files.readString(file));
      try (var list = Files.list(disk.getPath("/"))) {
        assertTrue(list.noneMatch(p -> p.toString().endsWith(".partial")));
      }
      AtomicFile.write(file, out -> out.write(new byte[62 * 1024]));
      assertEquals(62 * 1024, Files.size(file), "the space of the failed file is free again");
    }
  }

  @Test
  void namesTheReason() throws IOException {
    Path file = Files.writeString(folder.resolve("plain"), "x");
    IOException below =
        assertThrows(
            IOException.class, () -> AtomicFile.write(file.resolve("a"), out -> out.write(1)));
    assertTrue(below.getMessage().startsWith("cannot write " + file.resolve("a") + ": "));
    assertTrue(below.getMessage().endsWith("ot a directory"), below.getMessage());
    Path lost = folder.resolve("missing").resolve("a");
    IOException missing =
        assertThrows(IOException.class, () -> AtomicFile.write(lost, out -> out.write(1)));
    assertEquals("cannot write " + lost + ": no such file or directory", missing.getMessage());
  }
}
