package io.depthscope.stats;

/**
 * The SQNR of a network's outputs over some images, and how far each of these moves it. Of several
 * outputs, that of the one that has the lowest.
 *
 * @param db in dB; infinite without an error, NaN where an output holds a NaN
 * @param influences of the images, as {@link Confidence#mean} takes them
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record SqnrEstimate(double db, double[] influences) {
  private static final double DB_OF_E = 10 / Math.log(10);

  /**
   * Over the first images.
   *
   * @param signal energies of the float32 outputs
   * @param noise energies of the error, of the same images
   */
  public static SqnrEstimate of(ImageEnergies signal, ImageEnergies noise, int images) {
    int lowest = 0;
    double db = Double.POSITIVE_INFINITY;
    for (int o = 0; o < signal.outputs(); o++) {
      double of = ErrorSums.sqnrDb(signal.sum(o, images), noise.sum(o, images));
      if (of < db || Double.isNaN(of)) {
        lowest = o;
        db = of;
      }
      if (Double.isNaN(of)) {
        break;
      }
    }
    double[] influences = new double[images];
    double allSignal = signal.sum(lowest, images);
    double allNoise = noise.sum(lowest, images);
    for (int i = 0; i < images && Double.isFinite(db); i++) {
      influences[i] =
          DB_OF_E
              * images
              * (signal.energy(i, lowest) / allSignal - noise.energy(i, lowest) / allNoise);
    }
    return new SqnrEstimate(db, influences);
  }

  /** At a level of confidence. */
  public Interval interval(Confidence confidence) {
    return confidence.mean(db, influences);
  }

  /** How much higher it is than another over the same images; 0 where both are infinite. */
  public double above(SqnrEstimate other) {
    return db == other.db ? 0 : db - other.db;
  }

  /** The same at a level of confidence, image by image: what both have in common drops out. */
  public Interval above(SqnrEstimate other, Confidence confidence) {
    double[] between = new double[influences.length];
    for (int i = 0; i < between.length; i++) {
      between[i] = influences[i] - other.influences[i];
    }
    return confidence.mean(above(other), between);
  }
}
