package io.depthscope.dataset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.depthscope.dataset.SyntheticShapes.Split;
import io.depthscope.file.Sha256;
import java.security.MessageDigest;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SyntheticShapesTest {
  @ParameterizedTest
  @CsvSource({
    "TEST, d04af3b78d6196f861a284f4832c0e87ca72fb0211919639698481835d78311f",
    "TRAIN, 166156b8c9d0ea0ddd209e5f88c6e1c37dd01c4dff76fc92b45a749f87079c3a"
  })
  void theFirstHundredImagesAreTheSameEverywhere(Split split, String expected) {
    MessageDigest digest = Sha256.begin();
    try (SyntheticShapes data = new SyntheticShapes(split, 100, SyntheticShapes.DEFAULT_SEED)) {
      for (int i = 0; i < data.size(); i++) {
        digest.update(data.read(i).rgb());
      }
    }
    assertEquals(expected, Sha256.hex(digest.digest()));
  }

  @Test
  void imagesDependOnSeedSplitAndIndexButNotOnTheCount() {
    byte[] image = new SyntheticShapes(Split.TEST, 50, 1).read(20).rgb();
    assertArrayEquals(image, new SyntheticShapes(Split.TEST, 21, 1).read(20).rgb());
    assertFalse(Arrays.equals(image, new SyntheticShapes(Split.TEST, 50, 2).read(20).rgb()));
    assertFalse(Arrays.equals(image, new SyntheticShapes(Split.TRAIN, 50, 1).read(20).rgb()));
    assertFalse(Arrays.equals(image, new SyntheticShapes(Split.TEST, 50, 1).read(30).rgb()));
  }

  @Test
  void labelsCycleAndFingerprintsTellDataSetsApart() {
    SyntheticShapes data = new SyntheticShapes(Split.TRAIN, 25, 7);
    assertEquals(3, data.label(13));
    assertEquals(10, data.classCount());
    assertEquals("train:13", data.name(13));
    assertEquals("synthetic:25:train", data.description());
    assertEquals(data.fingerprint(), new SyntheticShapes(Split.TRAIN, 25, 7).fingerprint());
    assertNotEquals(data.fingerprint(), new SyntheticShapes(Split.TRAIN, 24, 7).fingerprint());
    assertNotEquals(data.fingerprint(), new SyntheticShapes(Split.TEST, 25, 7).fingerprint());
    assertNotEquals(data.fingerprint(), new SyntheticShapes(Split.TRAIN, 25, 8).fingerprint());
  }

  @Test
  void refusesImagesThatDoNotExist() {
    assertThrows(IllegalArgumentException.class, () -> new SyntheticShapes(Split.TEST, 0, 1));
    SyntheticShapes data = new SyntheticShapes(Split.TEST, 5, 1);
    assertThrows(IndexOutOfBoundsException.class, () -> data.read(5));
    assertThrows(IndexOutOfBoundsException.class, () -> data.label(-1));
  }
}
