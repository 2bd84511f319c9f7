"""ONNX graphs of the network, built node by node: fp32, with min and max of every layer, QDQ, and both streams in one.

Activations and weights are quantized per tensor to uint8, biases to int32 with scale s_in * s_w, which is the form that
ONNX Runtime turns into its integer kernels.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from bench.peers.mobilenet import Network
from bench.peers.quantization import Range, tensor_params

OPSET = 17


class Graph:
    """Collects nodes and constants; every method returns the name of the tensor that it makes."""

    def __init__(self, net: Network) -> None:
        self.net = net
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self.outputs: list[str] = []
        self.constant("zero", np.float32(0))
        self.constant("six", np.float32(6))

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants.setdefault(name, numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, op: str, inputs: list[str], output: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(op, inputs, [output], output, **attributes))
        return output

    def model(self) -> bytes:
        size = self.net.resolution
        image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, size, size])
        outputs = [helper.make_tensor_value_info(o, TensorProto.FLOAT, None) for o in self.outputs]
        graph = helper.make_graph(self.nodes, "mobilenet_v1", [image], outputs, [*self.constants.values()])
        opset = [helper.make_opsetid("", OPSET)]
        return helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()

    def fp32_stream(self) -> list[str]:
        """The plain network; returns the output of every convolution, after its activation function."""
        x, made, size = "image", [], self.net.resolution
        for conv in self.net.convs:
            if conv.classifier:
                x = self.node("GlobalAveragePool", [x], "global_pool")
            weight = self.constant(f"{conv.name}.weight", self.net.weights[conv.name])
            bias = self.constant(f"{conv.name}.bias", self.net.biases[conv.name])
            x, size = self._conv(conv, [x, weight, bias], "", size)
            made.append(x)
        return made

    def qdq_stream(self, ranges: list[Range]) -> list[str]:
        """The quantized network; `ranges` are those of the input and then of every convolution."""
        x, scale_in = self._quantized("image", ranges[0])
        made, size = [], self.net.resolution
        for conv, found in zip(self.net.convs, ranges[1:], strict=True):
            if conv.classifier:
                x = self.node("GlobalAveragePool", [x], "q.global_pool")
                x, scale_in = self._quantized(x, ranges[-2])
            kernel = self.net.weights[conv.name]
            scale_w, zero_w = tensor_params(float(kernel.min()), float(kernel.max()))
            codes = np.clip(np.rint(kernel / scale_w) + zero_w, 0, 255).astype(np.uint8)
            weight = self._dequantized(f"{conv.name}.weight", codes, scale_w, zero_w)
            scale_b = np.float32(scale_in * scale_w)
            limits = np.iinfo(np.int32)
            steps = np.rint(self.net.biases[conv.name].astype(np.float64) / float(scale_b))
            bias_codes = np.clip(steps, limits.min, limits.max).astype(np.int32)
            bias = self._dequantized(f"{conv.name}.bias", bias_codes, scale_b, np.int32(0))
            y, size = self._conv(conv, [x, weight, bias], "q.", size)
            x, scale_in = self._quantized(y, found)
            made.append(x)
        return made

    def _conv(self, conv, inputs: list[str], prefix: str, size: int) -> tuple[str, int]:
        size = 1 if conv.classifier else size
        before, after = conv.padding(size)
        attributes = {
            "kernel_shape": [conv.kernel] * 2,
            "strides": [conv.stride] * 2,
            "pads": [before, before, after, after],
            "group": conv.channels if conv.depthwise else 1,
        }
        y = self.node("Conv", inputs, f"{prefix}{conv.name}.conv", **attributes)
        if not conv.classifier:
            y = self.node("Clip", [y, "zero", "six"], f"{prefix}{conv.name}")
        return y, -(-size // conv.stride)

    def _quantized(self, name: str, found: Range) -> tuple[str, np.float32]:
        scale, zero = tensor_params(*found)
        params = [self.constant(f"{name}.s", scale), self.constant(f"{name}.z", zero)]
        q = self.node("QuantizeLinear", [name, *params], f"{name}.q")
        return self.node("DequantizeLinear", [q, *params], f"{name}.dq"), scale

    def _dequantized(self, name: str, codes: np.ndarray, scale: np.float32, zero: np.generic) -> str:
        inputs = [
            self.constant(f"{name}.codes", codes),
            self.constant(f"{name}.s", scale),
            self.constant(f"{name}.z", zero),
        ]
        return self.node("DequantizeLinear", inputs, f"{name}.dq")


def fp32(net: Network, all_outputs: bool) -> bytes:
    """The plain network; with `all_outputs` every convolution's output can be fetched, logits last."""
    graph = Graph(net)
    made = graph.fp32_stream()
    graph.outputs = made if all_outputs else made[-1:]
    return graph.model()


def qdq(net: Network, ranges: list[Range]) -> bytes:
    """The quantized network, every convolution's output fetched, logits last."""
    graph = Graph(net)
    graph.outputs = graph.qdq_stream(ranges)
    return graph.model()


def min_max(net: Network) -> bytes:
    """The plain network with min and max of the input and of every convolution; logits first."""
    graph = Graph(net)
    made = graph.fp32_stream()
    graph.outputs = [made[-1]]
    for name in ["image", *made]:
        for op in ("ReduceMin", "ReduceMax"):
            graph.outputs.append(graph.node(op, [name], f"{name}.{op}", keepdims=0))
    return graph.model()


def paired(net: Network, ranges: list[Range]) -> bytes:
    """Both streams in one graph with the MSE of every convolution; logits of both first."""
    graph = Graph(net)
    plain, quantized = graph.fp32_stream(), graph.qdq_stream(ranges)
    graph.outputs = [plain[-1], quantized[-1]]
    for x, xq in zip(plain, quantized, strict=True):
        e = graph.node("Sub", [xq, x], f"{x}.error")
        square = graph.node("Mul", [e, e], f"{x}.square")
        graph.outputs.append(graph.node("ReduceMean", [square], f"{x}.mse", keepdims=0))
    return graph.model()
