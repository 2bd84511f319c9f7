package io.depthscope.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SelectedImagesTest {
  private static final Dataset ALL = new SyntheticShapes(SyntheticShapes.Split.TEST, 10, 1);

  private static List<Integer> places(Dataset some) {
    List<String> names = IntStream.range(0, ALL.size()).mapToObj(ALL::name).toList();
    List<Integer> places =
        IntStream.range(0, some.size()).mapToObj(i -> names.indexOf(some.name(i))).toList();
    for (int i = 0; i < places.size(); i++) {
      assertEquals(ALL.label(places.get(i)), some.label(i));
    }
    return places;
  }

  @Test
  void spreadImagesLieAtEqualDistances() {
    assertEquals(List.of(0, 2, 5, 7), places(SelectedImages.spread(ALL, 4)));
    assertEquals(10, SelectedImages.spread(ALL, 99).size());
    assertThrows(IllegalArgumentException.class, () -> SelectedImages.spread(ALL, 0));
  }

  @Test
  void interleavedImagesAreAllInAnotherOrder() {
    List<Integer> order = places(SelectedImages.interleaved(ALL, 10));
    assertEquals(List.of(0, 7, 4, 1, 8), order.subList(0, 5));
    assertEquals(IntStream.range(0, 10).boxed().toList(), order.stream().sorted().toList());
  }

  @Test
  void theOthersAreThoseThatWereNotTaken() {
    int[] places = SelectedImages.spreadPlaces(10, 4);
    assertEquals(List.of(1, 3, 4, 6, 8, 9), places(SelectedImages.without(ALL, places)));
    Dataset behind = SelectedImages.without(ALL, new int[] {0, 1, 2});
    assertEquals(List.of(3, 4, 5, 6, 7, 8, 9), places(behind));
    assertEquals(SelectedImages.from(ALL, 3).fingerprint(), behind.fingerprint());
    int[] all = SelectedImages.spreadPlaces(10, 10);
    assertThrows(IllegalArgumentException.class, () -> SelectedImages.without(ALL, all));
    assertEquals(List.of(0, 1, 2), places(SelectedImages.first(ALL, 3)));
  }

  @Test
  void laterImagesBeginWhereTheyAreToldTo() {
    Dataset later = SelectedImages.from(ALL, 7);
    assertEquals(List.of(7, 8, 9), places(later));
    assertThrows(IllegalArgumentException.class, () -> SelectedImages.from(ALL, 10));
    assertThrows(IndexOutOfBoundsException.class, () -> later.name(3));
    assertNotEquals(ALL.fingerprint(), later.fingerprint());
  }
}
