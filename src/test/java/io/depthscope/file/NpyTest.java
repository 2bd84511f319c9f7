package io.depthscope.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpyTest {
  @TempDir private Path folder;

  /** A file of version 1 with this dictionary and these data. */
  private Path file(int version, String dictionary, byte[] data) throws IOException {
    byte[] text = dictionary.getBytes(StandardCharsets.UTF_8);
    ByteBuffer out = ByteBuffer.allocate(12 + text.length + data.length);
    out.order(ByteOrder.LITTLE_ENDIAN)
        .put((byte) 0x93)
        .put("NUMPY".getBytes(StandardCharsets.US_ASCII));
    out.put((byte) version).put((byte) 0);
    if (version == 1) {
      out.putShort((short) text.length);
    } else {
      out.putInt(text.length);
    }
    out.put(text).put(data);
    Path file = folder.resolve("x.npy");
    byte[] bytes = new byte[out.position()];
    out.get(0, bytes);
    Files.write(file, bytes);
    return file;
  }

  private String refusal(Path file) {
    return assertThrows(IOException.class, () -> NpyReader.open(file))
        .getMessage()
        .replace(file.toString(), "x.npy");
  }

  @Test
  void readsWhatItWrites() throws IOException {
    Path file = folder.resolve("a.npy");
    float[] values = {1.5f, Float.NaN, -0f, Float.NEGATIVE_INFINITY, 3e-42f, 7};
    try (NpyWriter out =
        new NpyWriter(file, new NpyHeader(NpyHeader.Type.FLOAT32, List.of(2, 3)))) {
      out.write(new float[] {1.5f, Float.NaN});
      out.write(new float[] {-0f, Float.NEGATIVE_INFINITY, 3e-42f, 7});
      out.finish();
    }
    assertEquals(0, (Files.size(file) - 24) % 64);
    try (NpyReader in = NpyReader.open(file)) {
      assertEquals(List.of(2, 3), in.header().extents());
      assertArrayEquals(values, in.next(6));
    }
    Path bytes = folder.resolve("b.npy");
    try (NpyWriter out = new NpyWriter(bytes, new NpyHeader(NpyHeader.Type.UINT8, List.of(3)))) {
      out.write(new long[] {0, 128, 255});
      out.finish();
    }
    try (NpyReader in = NpyReader.open(bytes)) {
      assertArrayEquals(new float[] {0, 128, 255}, in.next(3));
    }
  }

  @Test
  void saysThatElementsAreMissing() throws IOException {
    NpyHeader header = new NpyHeader(NpyHeader.Type.FLOAT32, List.of(3));
    try (NpyWriter out = new NpyWriter(folder.resolve("c.npy"), header)) {
      out.write(new float[2]);
      assertThrows(IllegalStateException.class, out::finish);
    }
  }

  @Test
  void readsTheOtherVersionsAndSpellings() throws IOException {
    byte[] data = {1, 0, 0, 0, 0, 0, 0, 0};
    for (int version = 1; version <= 3; version++) {
      Path file = file(version, "{'descr':'<i8','fortran_order':False,'shape':(1,),}\n", data);
      try (NpyReader in = NpyReader.open(file)) {
        assertArrayEquals(new float[] {1}, in.next(1));
      }
    }
  }

  @Test
  void refusesWhatItCannotRead() throws IOException {
    String good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
    assertEquals(
        "x.npy: holds 7 bytes of data, its extents [2] need 8",
        refusal(file(1, good, new byte[7])));
    assertEquals(
        "x.npy: holds 0 bytes of data, its extents [999999999, 999999999] need 3999999992000000004",
        refusal(file(1, good.replace("2,", "999999999, 999999999"), new byte[0])));
    assertEquals(
        "x.npy: its extents are too large",
        refusal(file(1, good.replace("2,", "999999999, 999999999, 9999"), new byte[0])));
    assertEquals(
        "x.npy: is in Fortran order; write it with numpy.ascontiguousarray",
        refusal(file(1, good.replace("False", "True"), new byte[8])));
    assertEquals(
        "x.npy: holds elements of type >f4, which cannot be read",
        refusal(file(1, good.replace("<f4", ">f4"), new byte[8])));
    assertEquals(
        "x.npy: is a NumPy file of version 4; 1 to 3 are read",
        refusal(file(4, good, new byte[8])));
    assertEquals("x.npy: its header cannot be read", refusal(file(1, "{}", new byte[8])));
    Path none = folder.resolve("x.npy");
    Files.write(none, new byte[] {1, 2, 3});
    assertEquals("x.npy: is no NumPy file (.npy)", refusal(none));
    Files.delete(none);
    assertEquals("x.npy: no such file or directory", refusal(none));
  }

  @Test
  void damagedHeadersAreRefusedOrRead() throws IOException {
    byte[] good =
        Files.readAllBytes(
            file(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }", new byte[8]));
    int refused = 0;
    for (int seed = 0; seed < 3000; seed++) {
      Random random = new Random(seed);
      byte[] bytes = good.clone();
      for (int c = 0; c <= random.nextInt(3); c++) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      Path file = folder.resolve("m.npy");
      Files.write(file, bytes);
      try (NpyReader in = NpyReader.open(file)) {
        in.next((int) in.header().size());
      } catch (IOException e) {
        assertTrue(e.getMessage().startsWith(file.toString()), "seed " + seed + ": " + e);
        refused++;
      }
    }
    assertTrue(refused > 1000, "only " + refused);
  }
}
