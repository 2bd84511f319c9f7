package io.depthscope.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.MalformedInputException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class FileErrorsTest {
  @TempDir private Path folder;

  @Test
  void neitherTheFileNorAClassIsTheReason() {
    for (Exception e :
        List.of(
            new AccessDeniedException("a/file"),
            new NoSuchFileException("a/file"),
            new NotDirectoryException("a/file"),
            new DirectoryNotEmptyException("a/file"),
            new FileAlreadyExistsException("a/file"),
            new FileSystemLoopException("a/file"),
            new NotLinkException("a/file"),
            new FileSystemException("a/file"),
            new FileSystemException("a/file", null, "No space left on device"),
            new ReadOnlyFileSystemException(),
            new MalformedInputException(1),
            new EOFException(),
            new ClosedByInterruptException(),
            new IOException(),
            new UncheckedIOException(new AccessDeniedException("a/file")),
            new DirectoryIteratorException(new NoSuchFileException("a/file")),
            new InvalidPathException("a/file", "Malformed input"))) {
      String reason = FileErrors.reason(e);
      assertFalse(reason.contains("a/file"), reason);
      assertFalse(reason.contains("Exception") || reason.contains("java."), reason);
      assertFalse(reason.isBlank(), e::toString);
    }
  }

  private static String reasonOf(Executable failing) {
    return FileErrors.reason(assertThrows(Exception.class, failing));
  }

  /** What the system itself says. */
  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void realFailures() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "x");
    Path loop = Files.createSymbolicLink(folder.resolve("loop"), Path.of("loop"));
    assertEquals("not a directory", reasonOf(() -> Files.newDirectoryStream(file)));
    assertEquals("Not a directory", reasonOf(() -> Files.readString(file.resolve("x"))));
    assertEquals("Is a directory", reasonOf(() -> Files.readAllBytes(folder)));
    assertEquals("the folder is not empty", reasonOf(() -> Files.delete(folder)));
    assertEquals("there is a file of that name", reasonOf(() -> Files.createDirectory(file)));
    assertEquals("Too many levels of symbolic links", reasonOf(() -> Files.readString(loop)));
    assertEquals(
        "File name too long", reasonOf(() -> Files.createFile(folder.resolve("x".repeat(300)))));
    Path bytes = Files.write(folder.resolve("bytes"), new byte[] {(byte) 0xff});
    assertEquals("not UTF-8 text", reasonOf(() -> Files.readAllLines(bytes)));
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void whyAFileIsMissing() throws IOException {
    Path loop = Files.createSymbolicLink(folder.resolve("loop"), Path.of("loop"));
    assertEquals("no such file or directory", FileErrors.whyMissing(folder.resolve("none")));
    assertEquals("Too many levels of symbolic links", FileErrors.whyMissing(loop));
  }
}
