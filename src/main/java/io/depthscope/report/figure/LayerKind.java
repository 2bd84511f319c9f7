package io.depthscope.report.figure;

import io.depthscope.record.RunLayer;
import java.awt.Color;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The three kinds of layers that figures tell apart, by shape as well as by colour. */
enum LayerKind {
  DEPTHWISE("depthwise", Marker.TRIANGLE, 1),
  POINTWISE("pointwise", Marker.SQUARE, 0),
  OTHER("other layers", Marker.CIRCLE, 2);

  private final String label;
  private final Marker marker;
  private final int series;

  LayerKind(String label, Marker marker, int series) {
    this.label = label;
    this.marker = marker;
    this.series = series;
  }

  static LayerKind of(RunLayer layer) {
    return switch (layer.role()) {
      case DEPTHWISE -> DEPTHWISE;
      case POINTWISE -> POINTWISE;
      case INPUT, CONVOLUTION, FULLY_CONNECTED, COMPUTED, PASSED -> OTHER;
    };
  }

  /** Those that occur, in the order of this list. */
  static Set<LayerKind> among(Collection<RunLayer> layers) {
    EnumSet<LayerKind> kinds = EnumSet.noneOf(LayerKind.class);
    layers.forEach(l -> kinds.add(of(l)));
    return kinds;
  }

  /** Markers and their meaning, in one colour where colours mean something else. */
  static List<LegendEntry> legend(Theme theme, Collection<LayerKind> kinds, boolean coloured) {
    List<LegendEntry> entries = new ArrayList<>();
    for (LayerKind kind : kinds) {
      entries.add(
          LegendEntry.point(
              kind.label, coloured ? kind.colour(theme) : theme.muted(), kind.marker, true));
    }
    return entries;
  }

  String label() {
    return label;
  }

  Marker marker() {
    return marker;
  }

  Color colour(Theme theme) {
    return theme.series(series);
  }
}
