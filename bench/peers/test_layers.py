"""Tests of layers and its cuts. Run from the repository root: python -m unittest bench.peers.test_layers"""

import dataclasses
import unittest
from pathlib import Path

import numpy as np

from bench.peers import layers, onnx_layers, tflite_layers
from bench.peers.layer_cuts import Coded, CutLayer, pictures

DATA = Path(__file__).resolve().parent.parent.parent / "test-data"


class Cuts(unittest.TestCase):
    """That a cut layer is the layer within its file, the cutting checks itself: it runs both on the peer."""

    def test_operators_of_tflite(self) -> None:
        found = tflite_layers.layers(DATA / "tflite/uint8_per_tensor.tflite", [])
        self.assertEqual(
            [layer.operator for layer in found], ["CONV_2D", "CONV_2D", "ADD", "AVERAGE_POOL_2D", "RESHAPE"]
        )
        add = found[2]
        self.assertEqual(add.inputs.shape, (1, 2 * found[0].made["t3"].codes.size), "both inputs as one")
        self.assertEqual(found[3].inputs.tolist(), add.made["t7"].values().tolist(), "what the layer before made")

    def test_layers_between_pairs(self) -> None:
        found = onnx_layers.layers(DATA / "onnx/quantized_gate.onnx", [])
        self.assertEqual([layer.operator for layer in found], ["QuantizeLinear", "Conv", "Sigmoid", "Mul"])

    def test_operators_of_codes(self) -> None:
        found = onnx_layers.layers(DATA / "onnx/qoperators_of_microsoft.onnx", [])
        self.assertEqual(found[-1].operator, "QLinearGlobalAveragePool")
        self.assertEqual(len(found), 7)

    def test_files_of_floats_have_none(self) -> None:
        self.assertEqual(tflite_layers.layers(DATA / "tflite/conv_same.tflite", []), [])
        self.assertEqual(onnx_layers.layers(DATA / "onnx/silu.onnx", []), [])

    def test_a_layer_of_other_codes_is_refused(self) -> None:
        layer = tflite_layers.layers(DATA / "tflite/int8_per_channel.tflite", [])[0]
        name, made = next(iter(layer.made.items()))
        other = dataclasses.replace(made, codes=made.codes + np.int8(1))
        with self.assertRaisesRegex(ValueError, "CONV_2D alone"):
            tflite_layers._require_same(dataclasses.replace(layer, made={name: other}))

    def test_rounded_once_is_next_to_the_reference(self) -> None:
        found = tflite_layers.layers(DATA / "tflite/uint8_per_tensor.tflite", [])
        known = [layer for layer in found if layer.once is not None]
        self.assertTrue(known)
        for layer in known:
            made = next(iter(layer.made.values())).codes.reshape(-1)
            self.assertLessEqual(np.abs(made - layer.once).max(), 1)

    def test_noise_stands_for_photographs(self) -> None:
        for shape in ([1, 3, 32, 32], [1, 5]):
            x = pictures([], shape, 1, "name")
            self.assertEqual(list(x.shape), shape)
            self.assertTrue(((x >= 0) & (x < 1)).all())
            self.assertFalse(np.array_equal(x, pictures([], shape, 1, "another")))


class Comparison(unittest.TestCase):
    def setUp(self) -> None:
        self.made = Coded(np.int8([[-128, 0, 127]]), 0.5, 3)
        self.layer = CutLayer("a", "ADD", b"", self.made.values(), {"y": self.made}, np.int64([-128, 0, 126]))

    def test_codes_are_those_of_the_values(self) -> None:
        values = self.made.values()
        self.assertEqual(
            layers.compared(self.layer, {"y": values}), {"codes": 3, "differ": 0, "largest": 0, "differFromOnce": 1}
        )
        found = layers.compared(self.layer, {"y": values + np.float32([0, 1, 0.2])})
        self.assertEqual((found["differ"], found["largest"]), (1, 2))

    def test_what_is_no_number_differs(self) -> None:
        found = layers.compared(self.layer, {"y": np.float32([np.nan, -1.5, np.inf])})
        self.assertEqual(found["differ"], 2)
        self.assertGreater(found["largest"], 255)

    def test_an_output_must_be_there(self) -> None:
        for mine in ({}, {"y": np.zeros(2)}):
            with self.assertRaisesRegex(ValueError, "no output y of 3 values"):
                layers.compared(self.layer, mine)

    def test_more_than_a_code_falls_short(self) -> None:
        entry = {"name": "a", "operator": "ADD", "codes": 3, "differ": 3, "largest": 1}
        self.assertEqual(layers.failures({"file": "f", "layers": [entry]}), [])
        self.assertEqual(
            len(layers.failures({"file": "f", "layers": [entry | {"largest": 2}, {**entry, "error": "why"}]})), 2
        )

    def test_table(self) -> None:
        one = {"name": "a", "operator": "ADD", "codes": 1000, "differ": 5, "largest": 1, "differFromOnce": 2}
        two = {"name": "b", "operator": "PAD", "error": "why"}
        result = {
            "versions": {"onnxruntime": "1", "tensorflow-cpu": "2"},
            "images": 1,
            "backend": "cpu",
            "files": [{"file": "f.tflite", "layers": [one, two]}],
        }
        text = layers.table(result)
        self.assertIn("| `f.tflite` | 1 of 2 | 1,000 | 5 (0.50%) | 1 | ADD, 0.50% |", text)
        self.assertIn("Of 1,000 codes of 1x1 convolutions in its files 5 differ from those kernels', 2 from", text)


if __name__ == "__main__":
    unittest.main()
