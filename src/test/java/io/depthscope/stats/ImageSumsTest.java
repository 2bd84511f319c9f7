package io.depthscope.stats;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import org.junit.jupiter.api.Test;

class ImageSumsTest {

  /** A new array that is not counted would let a run die of memory that its estimate promised. */
  @Test
  void bytesStatedAreBytesOfTheArrays() throws IllegalAccessException {
    for (boolean terms : new boolean[] {false, true}) {
      for (int channels : new int[] {1, 15, 16, 17, 1001}) {
        assertEquals(
            held(new ImageSums(channels, 9, terms)),
            ImageSums.bytes(channels, terms),
            channels + " channels, terms " + terms);
      }
    }
  }

  private static long held(Object of) throws IllegalAccessException {
    long bytes = 0;
    for (Field field : of.getClass().getDeclaredFields()) {
      if (Modifier.isStatic(field.getModifiers()) || field.getType().isPrimitive()) {
        continue;
      }
      field.setAccessible(true);
      bytes +=
          switch (field.get(of)) {
            case double[] d -> 8L * d.length;
            case float[] f -> 4L * f.length;
            case int[] i -> 4L * i.length;
            case double[][] many -> {
              long all = 0;
              for (double[] one : many) {
                all += 8L * one.length;
              }
              yield all;
            }
            case Object part -> held(part);
          };
    }
    return bytes;
  }
}
