package io.depthscope.backend.cuda;

import io.depthscope.tensor.Shape;

/**
 * How the output positions of an image are cut into tiles. It depends on the layer's shape alone,
 * so that the order of an image's sums does not depend on the batch it is in.
 *
 * @param tilesPerImage tiles an image is cut into
 * @param rowsPerTile most positions in a tile; for depthwise kernels, output rows
 * @param imagesPerTile whole images a tile holds; 1 unless they are small
 * @param lanes neighbouring channels (or groups of them) a block works on at once; a power of two
 * @param columnTiles tiles beside each other, for depthwise kernels
 */
record Tiling(int tilesPerImage, int rowsPerTile, int imagesPerTile, int lanes, int columnTiles) {

  /** Rows of a matrix product's tile; {@code TILE_ROWS} in gemm.cuh. */
  private static final int GEMM_ROWS = 98;

  /** Threads of the elementwise and depthwise kernels; {@code MEASURE_THREADS} in measure.cuh. */
  static final int THREADS = 256;

  /** Float32 sums have at most this many terms, as numerics.md asks. */
  private static final int MAX_TERMS = 256;

  /** {@code SMALL_IMAGE} in measure.cuh. */
  private static final int SMALL_IMAGE = 16;

  private static final int MAX_LANES = 32;

  /** For kernels that compute each element by itself. */
  static Tiling elementwise(Shape out) {
    int lanes = lanes(LayerParams.stride(out.channels()));
    int positions = out.positions();
    if (positions <= SMALL_IMAGE) {
      return new Tiling(1, positions, THREADS / lanes, lanes, 1);
    }
    int tiles = ceil(positions, MAX_TERMS);
    return new Tiling(tiles, ceil(positions, tiles), 1, lanes, 1);
  }

  /** For matrix products. */
  static Tiling gemm(Shape out) {
    int lanes = lanes(LayerParams.stride(out.channels()));
    int positions = out.positions();
    if (2 * positions <= GEMM_ROWS) {
      return new Tiling(1, positions, GEMM_ROWS / positions, lanes, 1);
    }
    int tiles = ceil(positions, GEMM_ROWS);
    return new Tiling(tiles, ceil(positions, tiles), 1, lanes, 1);
  }

  /**
   * For the 3x3 depthwise kernels.
   *
   * @param vector channels a thread
   */
  static Tiling depthwise(Shape out, int vector) {
    int lanes = lanes(ceil(LayerParams.stride(out.channels()), vector));
    int columns = THREADS / lanes;
    int rows = MAX_TERMS / columns;
    int columnTiles = ceil(out.width(), columns);
    return new Tiling(columnTiles * ceil(out.height(), rows), rows, 1, lanes, columnTiles);
  }

  private static int lanes(int groups) {
    return Math.min(MAX_LANES, Integer.highestOneBit(2 * groups - 1));
  }

  static int ceil(int n, int by) {
    return (n + by - 1) / by;
  }
}
