"""Tests of what the peers share. Run from the repository root: python -m unittest bench.peers.test_peers"""

import json
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

from bench.peers import mobilenet, rounds, safetensors_file, speed_table, statistics_check
from bench.peers import torch_statistics as stats
from bench.peers.torch_network import HookedPair, StagedPair, calibrate, image_batch

CPU = torch.device("cpu")
WAYS = {"bits": stats.by_bincount, "codes": stats.by_spread_scatter}


class Statistics(unittest.TestCase):
    """Recorders against float64, in both ways to quantize; planted errors must be seen."""

    def setUp(self) -> None:
        pixels = mobilenet.smooth_images(2, 32, seed=3)
        stored = mobilenet.random_parameters(0.25, mobilenet.normalise(pixels), seed=3)
        self.net = mobilenet.fold(stored, 32)
        self.pixels = torch.from_numpy(pixels)
        self.calibration = calibrate(self.net, image_batch(self.pixels))

    def recorded(self, formula: bool) -> list[tuple]:
        recorders = stats.recorders(self.calibration, WAYS, formula, CPU)
        seen = []

        def measure(k: int, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            xq = recorders[k](x, y)
            seen.append((recorders[k], *(t.contiguous().numpy() for t in (x, y, xq))))
            return xq

        HookedPair(self.net, CPU, measure)(image_batch(self.pixels))
        return seen

    def test_every_stage_agrees_with_float64(self) -> None:
        for formula in (False, True):
            found = self.recorded(formula)
            self.assertEqual(len(found), 30)
            for stage in found:
                statistics_check.check(*stage)

    def test_a_wrong_statistic_is_found(self) -> None:
        recorder, *tensors = self.recorded(False)[1]
        for name, value in recorder.totals.named_buffers():
            for row in range(len(value)):
                kept = value[row].clone()
                value[row] += 1 if name in ("counts", "bits", "codes") else 0.01
                with self.subTest(f"{name}[{row}]"), self.assertRaises(AssertionError):
                    statistics_check.check(recorder, *tensors)
                value[row] = kept
        statistics_check.check(recorder, *tensors)

    def test_another_rounding_is_found(self) -> None:
        recorder, x, y, xq = self.recorded(True)[1]
        scale = recorder.quantizer.scale
        shifted = np.where(xq > 0, xq - np.float32(scale), xq)
        with self.assertRaises(AssertionError):
            statistics_check.check(recorder, x, y, shifted)

    def test_both_pairs_do_the_same(self) -> None:
        hooked, staged = (stats.recorders(self.calibration, WAYS, True, CPU) for _ in range(2))
        x = image_batch(self.pixels)
        expected = HookedPair(self.net, CPU, lambda k, a, b: hooked[k](a, b))(x)
        with torch.no_grad():
            found = StagedPair(self.net, CPU, staged)(x)
        for e, f in zip(expected, found, strict=True):
            self.assertTrue(torch.equal(e, f))
        for a, b in zip(hooked, staged, strict=True):
            for name, value in a.totals.named().items():
                self.assertTrue(torch.equal(value, b.totals.named()[name]), name)

    def test_totals_add_up_and_clear(self) -> None:
        recorder, *_ = self.recorded(True)[1]
        once = recorder.totals.named()
        x = torch.rand(2, len(recorder.shift.flatten()), 4, 4)
        recorder(x, x)
        self.assertEqual(int(recorder.totals.bits.sum()), int(once["bits"].sum()) + x.numel())
        recorder.totals.clear()
        self.assertEqual(int(recorder.totals.bits.sum()), 0)
        self.assertTrue(torch.isinf(recorder.totals.lows).all())

    def test_every_way_to_count(self) -> None:
        values = torch.randint(-3, 5, (2, 40, 3, 3), dtype=torch.int32)
        expected = np.bincount(values.numpy().ravel() + 3, minlength=8)
        for memory in (torch.contiguous_format, torch.channels_last):
            for name in ("bincount", "scatter_add", "scatter_add, 32 copies"):
                found = stats.COUNTERS[name](values.contiguous(memory_format=memory), -3, 8)
                self.assertTrue(np.array_equal(found.numpy(), expected), name)


class Safetensors(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name, "a.safetensors")

    def test_round_trip(self) -> None:
        tensors = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.float32([[1.5]])}
        safetensors_file.write(self.path, tensors, {"k": "v"})
        found = safetensors_file.read(self.path)
        self.assertEqual(list(found), ["a", "b"])
        for name, tensor in tensors.items():
            self.assertTrue(np.array_equal(found[name], tensor))

    def test_bf16_is_the_upper_half(self) -> None:
        header = json.dumps({"a": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}).encode()
        self.path.write_bytes(len(header).to_bytes(8, "little") + header + b"\xc0\x3f")
        self.assertEqual(float(safetensors_file.read(self.path)["a"][0]), 1.5)

    def test_damaged_files_are_refused(self) -> None:
        safetensors_file.write(self.path, {"a": np.zeros(4, np.float32)}, {})
        whole = self.path.read_bytes()
        for bad in (b"", whole[:5], whole[:-4], (1 << 60).to_bytes(8, "little") + whole[8:]):
            self.path.write_bytes(bad)
            with self.subTest(len(bad)), self.assertRaises(ValueError):
                safetensors_file.read(self.path)


class Rounds(unittest.TestCase):
    def test_the_order_turns_round_and_time_ends_it(self) -> None:
        order = []
        peers = [rounds.Peer(n, n, lambda _s, n=n: order.append(n) or 2.0) for n in ("a", "b")]
        answers = iter((True, False))
        speeds = rounds.measure(peers, 5, 1, lambda: next(answers))
        self.assertEqual(order, ["a", "b", "b", "a"])
        self.assertEqual(speeds, {"a": [2.0, 2.0], "b": [2.0, 2.0]})

    def test_ratios_are_taken_inside_a_round(self) -> None:
        peers = [rounds.Peer(n, n, lambda _s: 0.0) for n in ("a", "b")]
        found = rounds.entries(peers, {"a": [1.0, 10.0, 100.0], "b": [2.0, 20.0, 50.0]}, "a")
        self.assertEqual(found[1]["ratio"], {"median": 2.0, "min": 0.5, "max": 2.0})


class SpeedTable(unittest.TestCase):
    def setUp(self) -> None:
        spread = {"median": 2.0, "min": 1.0, "max": 3.0}
        self.result = {
            "device": {"gpu": "Some GPU", "before": {"driver_version": "1.2"}, "copyGBs": 3000.4},
            "network": {"alpha": 1.0, "resolution": 224, "weights": "random, seed 1"},
            "run": {"rounds": 3, "secondsPerRound": 2.0},
            "versions": {"torch": "9.9"},
            "reference": "torch-plain",
            "peers": [
                {"name": "torch-plain", "label": "PyTorch", "batch": 64, "imagesPerSecond": spread, "ratio": spread}
            ],
            "comparisons": [{"over": "torch-plain", "ratio": spread}],
        }
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.page = Path(folder.name, "usage.md")

    def test_only_the_section_changes(self) -> None:
        self.page.write_text("a\n<!-- bench:gpu:start -->\nold\n<!-- bench:gpu:end -->\nb <!-- bench:cpu:start -->\n")
        speed_table.rewrite(self.result, speed_table.GPU, self.page)
        text = self.page.read_text()
        self.assertTrue(text.startswith("a\n<!-- bench:gpu:start -->\nMobileNet-V1 1 at 224"))
        self.assertTrue(text.endswith("\n<!-- bench:gpu:end -->\nb <!-- bench:cpu:start -->\n"))
        self.assertNotIn("old", text)
        self.assertIn("| PyTorch | 64 | 2.0 (1.0-3.0) | 2.00 (1.00-3.00) |", text)
        self.assertIn('2.00 (1.00-3.00) times "PyTorch"', text)
        self.assertIn("3000 GB/s", text)

    def test_missing_markers_are_an_error(self) -> None:
        for text in ("nothing", "<!-- bench:gpu:end --> <!-- bench:gpu:start -->"):
            self.page.write_text(text)
            with self.assertRaises(ValueError):
                speed_table.rewrite(self.result, speed_table.GPU, self.page)
            self.assertEqual(self.page.read_text(), text)


if __name__ == "__main__":
    unittest.main()
