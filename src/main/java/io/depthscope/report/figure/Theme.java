package io.depthscope.report.figure;

import java.awt.Color;
import java.util.Arrays;
import java.util.List;

/**
 * The colours of a figure. Series use the palette of Okabe and Ito, which people with any of the
 * usual colour deficiencies tell apart; on dark ground its lighter half and lightened others.
 *
 * @param muted for what is read second: ticks, subtitles, notes
 * @param series in the order in which they are taken
 * @param missing for cells without a value
 */
record Theme(
    Color background,
    Color text,
    Color muted,
    Color axis,
    Color grid,
    List<Color> series,
    Color missing) {

  private static final int[] LIGHT = {
    0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7, 0xe69f00, 0x56b4e9, 0x4d4d4d
  };
  private static final int[] DARK = {
    0x56b4e9, 0xe69f00, 0x2fc79a, 0xe08fbe, 0xf0e442, 0xf2784b, 0xc8c8c8
  };

  /** Viridis at equal steps: its brightness rises all the way, also in grey. */
  private static final int[] RAMP = {
    0x440154, 0x482878, 0x3e4989, 0x31688e, 0x26828e, 0x1f9e89, 0x35b779, 0x6ece58, 0xb5de2b,
    0xfde725
  };

  static final Theme ON_WHITE =
      new Theme(
          Color.WHITE,
          new Color(0x1a1a1a),
          new Color(0x505050),
          new Color(0x8a8a8a),
          new Color(0xe4e4e4),
          colours(LIGHT),
          new Color(0xc9c9c9));

  static final Theme ON_BLACK =
      new Theme(
          new Color(0x14171c),
          new Color(0xf0f0f0),
          new Color(0xb4bac2),
          new Color(0x79818b),
          new Color(0x2d333b),
          colours(DARK),
          new Color(0x5a5f66));

  private static List<Color> colours(int... rgb) {
    return Arrays.stream(rgb).mapToObj(Color::new).toList();
  }

  Color series(int index) {
    return series.get(index % series.size());
  }

  /** The colour of a share from 0 to 1 on the ramp; what lies outside has the colour of the end. */
  static Color ramp(double share) {
    double at = Math.max(0, Math.min(1, share)) * (RAMP.length - 1);
    int low = Math.min((int) at, RAMP.length - 2);
    double part = at - low;
    int mixed = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
      int a = RAMP[low] >> shift & 255;
      int b = RAMP[low + 1] >> shift & 255;
      mixed |= (int) Math.round(a + part * (b - a)) << shift;
    }
    return new Color(mixed);
  }

  static Color translucent(Color colour, double opacity) {
    return new Color(
        colour.getRed(), colour.getGreen(), colour.getBlue(), (int) Math.round(255 * opacity));
  }
}
