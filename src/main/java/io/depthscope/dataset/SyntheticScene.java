package io.depthscope.dataset;

import java.util.Arrays;

/**
 * One synthetic picture while it is painted: background, distractors, the labelled figure, an
 * occluder, noise. Values are doubles in 0..255, planar by pixel in R, G, B order.
 */
final class SyntheticScene {
  private static final int EDGE = SyntheticShapes.EDGE;
  private static final int SAMPLES = 3; // per axis and pixel, for smooth edges

  private final double[] values = new double[EDGE * EDGE * 3];

  /** Tells whether a point (pixel units, origin in the top left corner) belongs to a figure. */
  private interface Region {
    boolean contains(double x, double y);
  }

  private SyntheticScene() {}

  static SyntheticScene draw(int label, HashedRandom random) {
    SyntheticScene scene = new SyntheticScene();
    double[] background = randomColour(random);
    scene.paintBackground(background, random);

    int distractors = random.below(3);
    for (int i = 0; i < distractors; i++) {
      scene.paint(distractor(random), contrasting(background, 15, 80, random), 1);
    }
    double[] ink = contrasting(background, 34, 150, random);
    double opacity = random.uniform(0.75, 1);
    scene.paint(figure(label, random), ink, opacity);
    if (random.below(2) == 0) {
      scene.paint(occluder(random), contrasting(background, 0, 120, random), 1);
    }
    if (random.below(4) == 0) {
      scene.paint(distractor(random), contrasting(background, 15, 80, random), 1);
    }
    return scene;
  }

  /** Adds sensor noise of a random strength and rounds to bytes, half up. */
  byte[] toBytes(HashedRandom random) {
    double sigma = random.uniform(3, 30);
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      double noisy = values[i] + sigma * random.nearNormal();
      bytes[i] = (byte) (int) Math.min(255, Math.max(0, Math.floor(noisy + 0.5)));
    }
    return bytes;
  }

  private void paintBackground(double[] colour, HashedRandom random) {
    double[] slopeX = new double[3];
    double[] slopeY = new double[3];
    for (int c = 0; c < 3; c++) {
      slopeX[c] = random.uniform(-1.2, 1.2);
      slopeY[c] = random.uniform(-1.2, 1.2);
    }
    for (int y = 0; y < EDGE; y++) {
      for (int x = 0; x < EDGE; x++) {
        for (int c = 0; c < 3; c++) {
          values[(y * EDGE + x) * 3 + c] =
              colour[c] + slopeX[c] * (x - EDGE / 2) + slopeY[c] * (y - EDGE / 2);
        }
      }
    }
  }

  /** Blends {@code colour} in by the share of each pixel's sample points that lie in the region. */
  private void paint(Region region, double[] colour, double opacity) {
    for (int y = 0; y < EDGE; y++) {
      for (int x = 0; x < EDGE; x++) {
        int inside = 0;
        for (int sy = 0; sy < SAMPLES; sy++) {
          for (int sx = 0; sx < SAMPLES; sx++) {
            if (region.contains(x + (sx + 0.5) / SAMPLES, y + (sy + 0.5) / SAMPLES)) {
              inside++;
            }
          }
        }
        double share = opacity * inside / (SAMPLES * SAMPLES);
        for (int c = 0; c < 3; c++) {
          int at = (y * EDGE + x) * 3 + c;
          values[at] += share * (colour[c] - values[at]);
        }
      }
    }
  }

  private static double[] randomColour(HashedRandom random) {
    return new double[] {random.uniform(40, 215), random.uniform(40, 215), random.uniform(40, 215)};
  }

  /** A colour at a random distance (in RGB, before clamping) from another, in any direction. */
  private static double[] contrasting(
      double[] from, double nearest, double farthest, HashedRandom random) {
    double[] direction = new double[3];
    double norm = 0;
    for (int c = 0; c < 3; c++) {
      direction[c] = random.uniform(-1, 1);
      norm += direction[c] * direction[c];
    }
    double scale = random.uniform(nearest, farthest) / Math.max(Math.sqrt(norm), 1e-3);
    double[] colour = new double[3];
    for (int c = 0; c < 3; c++) {
      colour[c] = Math.min(255, Math.max(0, from[c] + scale * direction[c]));
    }
    return colour;
  }

  private static Region figure(int label, HashedRandom random) {
    return switch (label) {
      case 0, 1, 2, 3, 4 ->
          shape(
              label,
              random.uniform(10, 22),
              random.uniform(10, 22),
              random.uniform(6.5, 12.5),
              random);
      case 5 -> within(window(random), stripes(tilt(0, random), random));
      case 6 -> within(window(random), stripes(tilt(90, random), random));
      case 7 -> within(window(random), stripes(tilt(random.below(2) * 90 + 45, random), random));
      case 8 -> within(window(random), checkerboard(random));
      case 9 -> blobs(random);
      default -> throw new IllegalArgumentException("no synthetic class " + label);
    };
  }

  private static Region distractor(HashedRandom random) {
    return shape(
        random.below(5),
        random.uniform(0, EDGE),
        random.uniform(0, EDGE),
        random.uniform(1.5, 3.5),
        random);
  }

  /** A disc, ring, square, triangle or cross of the given centre and radius, freely rotated. */
  private static Region shape(
      int kind, double centreX, double centreY, double radius, HashedRandom random) {
    double angle = random.uniform(0, 2 * StrictMath.PI);
    double cos = StrictMath.cos(angle) / radius;
    double sin = StrictMath.sin(angle) / radius;
    double squeeze = random.uniform(1, 1.2);
    double detail = random.uniform(0, 1);
    Region unit = unitShape(kind, detail);
    return (x, y) -> {
      double dx = x - centreX;
      double dy = y - centreY;
      return unit.contains(cos * dx + sin * dy, squeeze * (cos * dy - sin * dx));
    };
  }

  /** The shapes in the unit circle; {@code detail} in 0..1 sets a ring's or a cross's thickness. */
  private static Region unitShape(int kind, double detail) {
    return switch (kind) {
      case 0 -> (u, v) -> u * u + v * v < 0.9;
      case 1 -> {
        double hole = 0.3 + 0.4 * detail;
        yield (u, v) -> u * u + v * v < 1 && u * u + v * v > hole * hole;
      }
      case 2 -> (u, v) -> Math.max(Math.abs(u), Math.abs(v)) < 0.85;
      // Three half planes; the triangle's corners lie on the unit circle (sqrt(3) = 1.732...).
      case 3 -> (u, v) -> v < 0.6 && 1.7320508 * Math.abs(u) < v + 1.1;
      case 4 -> {
        double arm = 0.22 + 0.2 * detail;
        yield (u, v) ->
            Math.min(Math.abs(u), Math.abs(v)) < arm && Math.max(Math.abs(u), Math.abs(v)) < 1;
      }
      default -> throw new IllegalArgumentException("no shape " + kind);
    };
  }

  private static double tilt(double degrees, HashedRandom random) {
    return (degrees + random.uniform(-18, 18)) * StrictMath.PI / 180;
  }

  /** Stripes that run along {@code angle}; 0 is horizontal. */
  private static Region stripes(double angle, HashedRandom random) {
    double period = random.uniform(3.5, 10);
    double duty = random.uniform(0.35, 0.65);
    double phase = random.uniform(0, 1);
    double acrossX = -StrictMath.sin(angle) / period;
    double acrossY = StrictMath.cos(angle) / period;
    return (x, y) -> {
      double turns = acrossX * x + acrossY * y + phase;
      return turns - Math.floor(turns) < duty;
    };
  }

  private static Region checkerboard(HashedRandom random) {
    double cell = random.uniform(2.5, 6.5);
    double angle = random.uniform(0, StrictMath.PI / 2);
    double cos = StrictMath.cos(angle) / cell;
    double sin = StrictMath.sin(angle) / cell;
    double phaseX = random.uniform(0, 2);
    double phaseY = random.uniform(0, 2);
    return (x, y) -> {
      double column = Math.floor(cos * x + sin * y + phaseX);
      double row = Math.floor(cos * y - sin * x + phaseY);
      return Math.floorMod((int) (column + row), 2) == 0;
    };
  }

  /** Four to nine small round spots scattered over part of the picture. */
  private static Region blobs(HashedRandom random) {
    int spots = 4 + random.below(6);
    double centreX = random.uniform(11, 21);
    double centreY = random.uniform(11, 21);
    double spread = random.uniform(7, 12);
    double[] x = new double[spots];
    double[] y = new double[spots];
    double[] radius = new double[spots];
    Arrays.setAll(x, i -> centreX + random.uniform(-spread, spread));
    Arrays.setAll(y, i -> centreY + random.uniform(-spread, spread));
    Arrays.setAll(radius, i -> random.uniform(1.2, 3.6));
    return (px, py) -> {
      for (int i = 0; i < spots; i++) {
        double dx = px - x[i];
        double dy = py - y[i];
        if (dx * dx + dy * dy < radius[i] * radius[i]) {
          return true;
        }
      }
      return false;
    };
  }

  /** The part of the picture that a texture fills: round or rectangular, from a third up to all. */
  private static Region window(HashedRandom random) {
    double centreX = random.uniform(11, 21);
    double centreY = random.uniform(11, 21);
    double halfWidth = random.uniform(7, 18);
    double halfHeight = random.uniform(7, 18);
    boolean round = random.below(2) == 0;
    return (x, y) -> {
      double u = (x - centreX) / halfWidth;
      double v = (y - centreY) / halfHeight;
      return round ? u * u + v * v < 1 : Math.max(Math.abs(u), Math.abs(v)) < 1;
    };
  }

  /** A rectangle that hides part of the picture. */
  private static Region occluder(HashedRandom random) {
    double left = random.uniform(-6, EDGE - 2);
    double top = random.uniform(-6, EDGE - 2);
    double right = left + random.uniform(3, 12);
    double bottom = top + random.uniform(3, 12);
    return (x, y) -> x >= left && x < right && y >= top && y < bottom;
  }

  private static Region within(Region window, Region texture) {
    return (x, y) -> window.contains(x, y) && texture.contains(x, y);
  }
}
