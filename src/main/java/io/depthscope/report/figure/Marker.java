package io.depthscope.report.figure;

import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;

/** Shape of a point; all look about as large. */
enum Marker {
  CIRCLE,
  SQUARE,
  TRIANGLE,
  DIAMOND;

  /** Adds the shape about a point. */
  void addTo(Path2D path, double x, double y, double radius) {
    switch (this) {
      case CIRCLE ->
          path.append(new Ellipse2D.Double(x - radius, y - radius, 2 * radius, 2 * radius), false);
      case SQUARE -> {
        double half = 0.89 * radius;
        path.append(new Rectangle2D.Double(x - half, y - half, 2 * half, 2 * half), false);
      }
      case TRIANGLE -> {
        double reach = 1.3 * radius;
        polygon(
            path,
            x,
            y - reach,
            x + 0.92 * reach,
            y + 0.6 * reach,
            x - 0.92 * reach,
            y + 0.6 * reach);
      }
      case DIAMOND -> {
        double reach = 1.25 * radius;
        polygon(path, x, y - reach, x + reach, y, x, y + reach, x - reach, y);
      }
    }
  }

  private static void polygon(Path2D path, double... corners) {
    path.moveTo(corners[0], corners[1]);
    for (int i = 2; i < corners.length; i += 2) {
      path.lineTo(corners[i], corners[i + 1]);
    }
    path.closePath();
  }
}
