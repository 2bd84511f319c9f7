"""Tests of bench.kernel_table. Run from the repository root: python -m unittest bench.test_kernel_table"""

import unittest

from bench import kernel_table


def run(name: str, fastest: float, **params: str) -> dict:
    metric = {"scorePercentiles": {"0.0": fastest, "50.0": 2 * fastest}}
    return {"benchmark": f"io.B.{name}", "mode": "sample", "params": params, "primaryMetric": metric}


class KernelTable(unittest.TestCase):
    """Shares of the peak and the table, from made-up times."""

    def setUp(self) -> None:
        # 2 * 20,000 * 12 * 8 in 48 microseconds: 80 GFLOP/s.
        self.peak = run("peak", 48.0)
        # 2 * 112 * 112 * 64 * 32 in 1,000 microseconds: 51.4 GFLOP/s.
        self.product = run("gemm", 1000.0, layer="mobilenet_v1/conv_pw_1")

    def test_share_of_the_peak(self) -> None:
        width = kernel_table.condense([self.peak, self.product], 256)
        self.assertEqual(80.0, width["peakGflops"])
        self.assertEqual(64, width["kernels"][0]["percentOfPeak"])
        self.assertEqual(2000.0, width["kernels"][0]["medianUs"])

    def test_table_has_all_kernels_of_a_layer_in_one_row(self) -> None:
        runs = [self.peak, self.product]
        runs.append(run("epilogue", 900.0, layer="mobilenet_v1/conv_pw_1", recording="STATISTICS"))
        result = {"cpu": "Some CPU", "widths": [kernel_table.condense(runs, 256)]}
        self.assertIn("| conv_pw_1 | 1000 (64 %) | 900 |", kernel_table.table(result))

    def test_what_cannot_be_is_refused(self) -> None:
        too_fast = run("gemm", 100.0, layer="mobilenet_v1/conv_pw_1")
        averaged = {**self.product, "mode": "avgt"}
        for runs in ([self.peak, too_fast], [self.peak, averaged], [self.product], [self.product, self.peak]):
            with self.assertRaises(ValueError):
                kernel_table.condense(runs, 256)


if __name__ == "__main__":
    unittest.main()
