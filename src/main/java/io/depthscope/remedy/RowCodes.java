package io.depthscope.remedy;

import io.depthscope.quant.QuantParams;

/** Finds codes for rows of weights that share the second moments of their inputs. */
interface RowCodes {
  /**
   * Codes of each row.
   *
   * @param targets weights that the codes are to stand for, a row each
   * @param params of each row
   */
  int[][] solve(double[][] targets, QuantParams[] params);
}
