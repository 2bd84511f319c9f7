"""Tests of model_files and its judges. Run from the repository root: python -m unittest bench.peers.test_model_files"""

import json
import tempfile
import unittest
from pathlib import Path

import numpy as np

from bench.peers import model_files, model_runners
from bench.peers.model_files import Depthscope, difference, differences, units_of
from bench.peers.model_runners import Judged

MODELS = Path(__file__).resolve().parent.parent.parent / "test-data"


class Differences(unittest.TestCase):
    def judged(self, outputs: dict, steps: dict | None = None) -> Judged:
        return Judged("peer", 1, [1, 2], "float32", np.zeros((1, 2)), outputs, outputs, steps)

    def test_of_floats_are_shares_of_the_range(self) -> None:
        theirs = np.float32([-1, 0, 3])
        units = units_of(self.judged({"y": theirs, "flat": np.float32([2]), "zero": np.zeros(3)}))
        self.assertEqual(units, {"y": 4, "flat": 2, "zero": 1})
        self.assertEqual(difference(theirs + np.float32([0, 0.5, -1]), theirs, units["y"], False), 0.25)

    def test_of_codes_are_root_mean_squares(self) -> None:
        theirs = np.float32([0, 0, 0, 0])
        units = units_of(self.judged({"y": theirs}, {"y": 0.25}))
        self.assertEqual(difference(np.float32([1, 0, 0, 0]), theirs, units["y"], True), 2)

    def test_what_is_not_finite_falls_short(self) -> None:
        for bad in (np.nan, np.inf):
            for codes in (False, True):
                self.assertEqual(difference(np.float32([0, bad]), np.float32([0, 1]), 1, codes), np.inf)
        self.assertEqual(difference(np.float32([0, np.inf]), np.float32([0, np.inf]), 1, False), 0)

    def test_outputs_go_by_name(self) -> None:
        ones, zeros = np.ones(2), np.zeros(2)
        units = {"a": 1.0, "b": 2.0}
        found = differences({"a": ones, "b": zeros}, {"b": ones, "a": zeros}, units, False)
        self.assertEqual(found, {"a": 1.0, "b": 0.5})
        with self.assertRaisesRegex(ValueError, "no output b"):
            differences({"a": ones}, {"a": ones, "b": zeros}, units, False)
        with self.assertRaises(ValueError):
            differences({"a": np.ones(3)}, {"a": ones}, units, False)


class Judges(unittest.TestCase):
    """The peers on small files of the tests."""

    def test_files_of_floats_and_of_codes(self) -> None:
        cases = {
            "onnx/norm_behind_conv.onnx": False,
            "onnx/quantized_padded.onnx": True,
            "tflite/conv_same.tflite": False,
            "tflite/half_weights.tflite": False,
            "tflite/uint8_per_tensor.tflite": True,
        }
        for name, quantized in cases.items():
            with self.subTest(name):
                judged = model_runners.judge(MODELS / name, 3)
                self.assertEqual(judged.steps is not None, quantized)
                self.assertEqual(len(judged.inputs), 3)
                self.assertEqual(judged.plain.keys(), judged.usual.keys())
                if quantized:
                    self.assertTrue(all(s > 0 for s in judged.steps.values()))

    def test_the_step_is_that_of_the_files_codes(self) -> None:
        judged = model_runners.judge(MODELS / "tflite/uint8_per_tensor.tflite", 3)
        for name, y in judged.plain.items():
            gaps = np.diff(np.unique(y))
            np.testing.assert_allclose(gaps / judged.steps[name], np.rint(gaps / judged.steps[name]), atol=1e-3)

    def test_other_files_are_refused(self) -> None:
        with self.assertRaises(ValueError):
            model_runners.judge(MODELS / "MANIFEST.json", 1)


class Entries(unittest.TestCase):
    def setUp(self) -> None:
        self.entry = {
            "file": "a.onnx",
            "bytes": 2_500_000,
            "operators": 3,
            "input": [1, 3, 8, 8],
            "inputType": "float32",
            "outputs": 2,
            "quantized": False,
            "hybrid": False,
            "peer": "ONNX Runtime",
            "ranges": {"y": [0.0, 1.2e-5], "z": [0.0, 1.0]},
            "peerItself": {"y": 1e-7, "z": 2e-7},
            "backends": {"cpu": {"images": 4, "emulated": False, "outputs": {"y": 3e-7, "z": 1e-7}}},
        }

    def test_the_worst_output_counts(self) -> None:
        self.assertEqual(model_files.failures(self.entry), [])
        for bad in (1e-3, float("inf"), float("nan")):
            self.entry["backends"]["cpu"]["outputs"] = {"y": bad}
            self.assertEqual(len(model_files.failures(self.entry)), 1, bad)

    def test_the_peers_own_difference_is_allowed_twice(self) -> None:
        self.entry["backends"]["cpu"]["outputs"]["z"] = 1e-3
        self.entry["peerItself"]["y"] = 6e-4
        self.assertEqual(model_files.failures(self.entry), [])
        self.entry["peerItself"]["y"] = 4e-4
        self.assertEqual(len(model_files.failures(self.entry)), 1)

    def test_an_error_is_a_failure(self) -> None:
        self.entry["backends"]["cuda"] = {"images": 1, "emulated": True, "error": "exit code 1: why"}
        self.assertEqual(model_files.failures(self.entry), ["a.onnx, cuda: exit code 1: why"])

    def test_table(self) -> None:
        self.entry["backends"]["cuda"] = {"images": 1, "emulated": True, "error": "exit code 1: why"}
        result = {
            "device": {"cpu": "Some CPU", "cores": 2},
            "versions": {"onnxruntime": "1", "tensorflow-cpu": "2", "keras": "3"},
            "images": 4,
            "files": [self.entry],
            "timeToRead": {
                "file": "a.onnx",
                "bytes": 2_500_000,
                "seconds": 1.5,
                "secondsBeyondStart": 0.25,
                "fastestOf": 3,
            },
        }
        text = model_files.table(result)
        self.assertIn("| file | what it is | cpu | cuda | peer itself |\n", text)
        row = "| `a.onnx` | 3 operators, float32 1x3x8x8, 2 outputs | 3e-07 | fails | 2e-07 |"
        self.assertIn(row, text)
        self.assertIn("emulated", text)
        self.assertIn("`a.onnx` (2.5 MB)", text)
        self.assertNotIn("The worst of", text)
        self.entry["peerItself"]["y"] = 1e-2
        note = "The worst of `a.onnx` is `y`, whose values lie between 0 and 1e-05."
        self.assertIn(note, model_files.table(result))
        self.assertNotIn("the same", model_files.table(result))
        self.entry["ranges"] = {"y": [2.0, 2.0], "z": [0.5, 0.5]}
        self.assertIn("output of `a.onnx` are the same", model_files.table(result))
        self.entry["hybrid"] = True
        self.assertIn("quantizes while it runs", model_files.table(result))


class Command(unittest.TestCase):
    """A stand-in for the program."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.script = Path(folder.name, "stand-in.sh")

    def answers(self, text: str) -> Depthscope:
        self.script.write_text(text)
        return Depthscope(f"bash {self.script}", 20)

    def test_outputs_are_read_by_name(self) -> None:
        listed = json.dumps({"tensors": [{"name": "a/b", "file": "a_b.npy"}]})
        program = self.answers(f"""
        [[ $1 == run && $9 == cpu ]] || [[ $8 == --backend ]] || exit 3
        mkdir -p "$7/fp32"; cp "$5" "$7/fp32/a_b.npy"; echo '{listed}' >"$7/tensors.json"
        """)
        x = np.float32([[1, 2]])
        found = program.outputs(Path("m.onnx"), x, "cpu", "fp32")
        self.assertEqual(list(found), ["a/b"])
        np.testing.assert_array_equal(found["a/b"], x)

    def test_last_words_are_told(self) -> None:
        with self.assertRaisesRegex(RuntimeError, "exit code 1: why"):
            self.answers("echo first; echo why >&2; exit 1").call("inspect")


if __name__ == "__main__":
    unittest.main()
