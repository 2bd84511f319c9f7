package io.depthscope.remedy;

import io.depthscope.quant.QuantParams;
import java.util.stream.IntStream;

/** Finds codes for rows of weights that share the second moments of their inputs. */
interface RowCodes {
  /**
   * Codes of each row.
   *
   * @param targets weights that the codes are to stand for, a row each
   * @param params of each row
   */
  default int[][] solve(double[][] targets, QuantParams[] params) {
    int[][] codes = new int[targets.length][];
    IntStream.range(0, targets.length)
        .parallel()
        .forEach(r -> codes[r] = row(targets[r], params[r]));
    return codes;
  }

  /** Codes of one row. */
  int[] row(double[] target, QuantParams params);
}
