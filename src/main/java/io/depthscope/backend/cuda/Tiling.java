package io.depthscope.backend.cuda;

import io.depthscope.tensor.Shape;

/**
 * How the output positions of an image are cut into tiles. It depends on the layer's shape alone,
 * so that the order of an image's sums does not depend on the batch it is in.
 *
 * @param tilesPerImage tiles an image is cut into
 * @param rowsPerTile most positions in a tile; for depthwise kernels, output rows
 * @param tilesPerBlock tiles a block takes at a time; where that is more than 1, all tiles are full
 * @param lanes neighbouring channels (or groups of them) a block works on at once; a power of two
 * @param columnTiles tiles beside each other, for depthwise kernels
 */
record Tiling(int tilesPerImage, int rowsPerTile, int tilesPerBlock, int lanes, int columnTiles) {

  /** Rows of a matrix product's tile; {@code TILE_ROWS} in gemm.cuh. */
  private static final int GEMM_ROWS = 112;

  /** Threads of the elementwise and depthwise kernels; {@code MEASURE_THREADS} in measure.cuh. */
  static final int THREADS = 256;

  /** Float32 sums have at most this many terms, as numerics.md asks. */
  private static final int MAX_TERMS = 256;

  /** {@code SMALL_IMAGE} in measure.cuh. */
  private static final int SMALL_IMAGE = 16;

  private static final int WARP = 32;

  /**
   * Least positions of a tile of a matrix product where a block takes several: the sums of a tile
   * are joined at its end, which must stay small beside its elements.
   */
  private static final int LEAST_ROWS = 24;

  /** For kernels that compute each element by itself. */
  static Tiling elementwise(Shape out) {
    int lanes = lanes(LayerParams.stride(out.channels()), WARP);
    int positions = out.positions();
    if (positions <= SMALL_IMAGE) {
      return new Tiling(1, positions, THREADS / lanes, lanes, 1);
    }
    int tiles = ceil(positions, MAX_TERMS);
    return new Tiling(tiles, ceil(positions, tiles), 1, lanes, 1);
  }

  /**
   * For matrix products, whose blocks compute 112 rows whether they are used or not. Small images
   * are taken several at a time. Larger ones are cut into as few tiles as fit a block each; or into
   * equal smaller ones, several of which fit a block, where that uses more of its rows.
   *
   * @param columns output channels of a block
   */
  static Tiling gemm(Shape out, int columns) {
    int lanes = lanes(LayerParams.stride(out.channels()), columns);
    int positions = out.positions();
    int tiles = ceil(positions, GEMM_ROWS);
    int rows = ceil(positions, tiles);
    Tiling best = new Tiling(tiles, rows, tiles > 1 ? 1 : GEMM_ROWS / rows, lanes, 1);
    for (int part = GEMM_ROWS / 2; part >= LEAST_ROWS; part--) {
      int parts = GEMM_ROWS / part;
      if (positions % part == 0 && parts * part > best.tilesPerBlock * best.rowsPerTile) {
        best = new Tiling(positions / part, part, parts, lanes, 1);
      }
    }
    return best;
  }

  /**
   * For the 3x3 depthwise kernels.
   *
   * @param vector channels a thread
   */
  static Tiling depthwise(Shape out, int vector) {
    int lanes = lanes(ceil(LayerParams.stride(out.channels()), vector), WARP);
    int columns = THREADS / lanes;
    int rows = MAX_TERMS / columns;
    int columnTiles = ceil(out.width(), columns);
    return new Tiling(columnTiles * ceil(out.height(), rows), rows, 1, lanes, columnTiles);
  }

  private static int lanes(int groups, int most) {
    return Math.min(most, Integer.highestOneBit(2 * groups - 1));
  }

  static int ceil(int n, int by) {
    return (n + by - 1) / by;
  }
}
