"""The network that the remedies are tried on, and what it computes; a remedy makes another one of it.

Kernels are [O, KH, KW, I / groups] throughout, clamps one interval a channel. Sums are taken in float64 and rounded
once, as in network.py.
"""

import json
from dataclasses import dataclass, replace

import numpy as np

from tools.golden.network import Builder, Node, apply
from tools.golden.quantization import QuantParams, Scheme

IMAGES, SIDE = 64, 8
EPSILON = 1e-3
CLAMPS = {"none": (-np.inf, np.inf), "relu": (0.0, np.inf), "relu6": (0.0, 6.0)}
Values = dict[str, np.ndarray]


@dataclass(frozen=True)
class Net:
    """`clamps` holds lower and upper ends, `norms` mean and deviation of the values before them, by node."""

    nodes: tuple[Node, ...]
    kernels: Values
    biases: Values
    clamps: dict[str, tuple[np.ndarray, np.ndarray]]
    norms: dict[str, tuple[np.ndarray, np.ndarray]]

    @property
    def convolutions(self) -> list[Node]:
        return [n for n in self.nodes if n.weighted]

    def node(self, name: str) -> Node:
        return next(n for n in self.nodes if n.name == name)

    def readers(self, name: str) -> list[Node]:
        return [n for n in self.nodes if name in n.inputs]

    def copy(self) -> "Net":
        """The same with arrays that may be written to."""
        return replace(
            self,
            kernels={k: v.copy() for k, v in self.kernels.items()},
            biases={k: v.copy() for k, v in self.biases.items()},
            clamps={k: (low.copy(), high.copy()) for k, (low, high) in self.clamps.items()},
        )

    def is_output(self, name: str) -> bool:
        return name == self.nodes[-1].name


def read_by(node: Node, row: int, depth: int) -> slice:
    """The input channels that an output channel reads."""
    first = row // (node.channels // node.groups) * depth
    return slice(first, first + depth)


def padded(node: Node) -> bool:
    return any(node.padding)


def plan() -> Builder:
    """Padded and unpadded depthwise layers, pointwise ones, a sum of two that read the same, and a classifier."""
    b = Builder(SIDE, SIDE, 3)
    b.add("first", "conv", 6, kernel=3, padding=1, activation="relu6", batch_norm=True)
    b.add("dw1", "conv", 6, kernel=3, padding=1, groups=6, activation="relu6", batch_norm=True)
    b.add("pw1", "conv", 8, activation="relu6", batch_norm=True)
    b.add("mix", "conv", 8, activation="relu6", batch_norm=True)
    b.add("dw2", "conv", 8, kernel=3, groups=8, activation="relu", bias=True)
    b.add("pw2", "conv", 6, batch_norm=True)
    b.add("side", "conv", 6, inputs=("dw2",), bias=True)
    b.add("sum", "residual-add", inputs=("pw2", "side"), activation="relu")
    b.add("pool", "global-average-pool")
    return b.add("classifier", "conv", 5, bias=True)


def pixels(rng: np.random.Generator) -> np.ndarray:
    """Images that are smooth in part, as photographs are: neighbours and colours go together."""
    coarse = rng.normal(0, 1, (IMAGES, 2, 2, 3)) @ np.array([[1, 0.6, 0.3], [0, 0.7, 0.4], [0, 0, 0.6]])
    smooth = coarse.repeat(SIDE // 2, axis=1).repeat(SIDE // 2, axis=2)
    return np.clip(np.rint(127.5 + 45 * smooth + rng.normal(0, 30, smooth.shape)), 0, 255).astype(np.float32)


def inputs(codes: np.ndarray) -> np.ndarray:
    return (codes - np.float32(127.5)) / np.float32(127.5)


def made(rng: np.random.Generator, images: np.ndarray) -> tuple[Net, Values, Builder]:
    """The network, and what its file stores: kernels and batch norms that are true of the images.

    Planted: channels that are always 0 (of `first`, by a variance of all but nothing), always at the upper end of their
    clamp (of `first`, before a padded layer, and of `dw1`) or always 0.5 (of `pw1`, without weights), whatever is read;
    and channels whose values lie far above 0, for what they have in common.
    """
    builder = plan()
    stored: Values = {}
    net = Net(tuple(builder.nodes), {}, {}, {}, {})
    values = {"input": images}
    for node in net.nodes[1:]:
        ends = tuple(np.full(node.channels, v, np.float32) for v in CLAMPS[node.activation])
        if node.activation != "none":
            net.clamps[node.name] = ends
        if node.weighted:
            depth = values[node.inputs[0]].shape[-1] // node.groups
            shape = (node.channels, *node.kernel, depth)
            spread = rng.lognormal(0, 0.7, (node.channels, 1, 1, 1))
            kernel = rng.normal(0.1, 1.0, shape) * spread / np.sqrt(np.prod(shape[1:]))
            kernel = kernel.astype(np.float32)
            bias = rng.normal(0.2, 0.3, node.channels)
            if node.name == "pw1":
                kernel[3] = 0
            if node.name == "dw2":
                bias[2], kernel[2] = 5.0, kernel[2] * 0.1
            stored[f"{node.name}.kernel"] = kernel
            if node.batch_norm:
                bias = fold(net, node, kernel, values, stored, rng)
            else:
                net.kernels[node.name] = kernel
                stored[f"{node.name}.bias"] = bias.astype(np.float32)
            net.biases[node.name] = bias.astype(np.float32)
        values[node.name] = output(net, node, values)
    return net, stored, builder


def fold(
    net: Net, node: Node, kernel: np.ndarray, values: Values, stored: Values, rng: np.random.Generator
) -> np.ndarray:
    """Gives a layer a batch norm and folds it; returns the bias."""
    sums = np.float64(
        apply(replace(node, activation="none"), [values[node.inputs[0]]], kernel, np.zeros(node.channels, np.float32))
    )
    gamma, beta = rng.uniform(0.4, 1.2, node.channels), rng.normal(0.6, 0.5, node.channels)
    mean, variance = sums.mean((0, 1, 2)), sums.var((0, 1, 2))
    if node.name == "first":
        variance[1], beta[1], beta[4] = 1e-8, -3000.0, 200.0
    if node.name == "dw1":
        beta[2], beta[0], gamma[0] = 200.0, 3.0, 0.4
    if node.name == "pw1":
        beta[3], beta[5], gamma[5] = 0.5, 3.5, 0.5
    if node.name == "mix":
        gamma *= 3  # so that many values meet the upper end of their clamp
    norm = {"gamma": gamma, "beta": beta, "mean": mean, "variance": variance}
    norm = {k: v.astype(np.float32) for k, v in norm.items()}
    stored |= {f"{node.name}.bn.{k}": v for k, v in norm.items()}
    gamma, beta, mean, variance = (v.astype(np.float64) for v in norm.values())
    root = np.sqrt(variance + EPSILON)
    net.kernels[node.name] = (kernel * (gamma / root).reshape(-1, 1, 1, 1)).astype(np.float32)
    net.norms[node.name] = (beta, np.abs(gamma) * np.sqrt(variance / (variance + EPSILON)))
    return -mean * gamma / root + beta


def output(
    net: Net, node: Node, values: Values, kernel: np.ndarray | None = None, bias: np.ndarray | None = None
) -> np.ndarray:
    """What a node makes of values, behind its clamp; with other weights, where these are given."""
    ends = net.clamps.get(node.name)
    plain = replace(node, activation="none", clamp=tuple(map(tuple, ends)) if ends else None)
    kernel = net.kernels.get(node.name) if kernel is None else kernel
    bias = net.biases.get(node.name) if bias is None else bias
    return apply(plain, [values[i] for i in node.inputs], kernel, bias)


def run(net: Net, images: np.ndarray) -> Values:
    """The float32 network's values."""
    values = {"input": images}
    for node in net.nodes[1:]:
        values[node.name] = output(net, node, values)
    return values


@dataclass(frozen=True)
class Spec:
    """Parameters of outputs and weights, one or one a channel, and the weights' codes."""

    outputs: dict[str, QuantParams]
    weights: dict[str, list[QuantParams]]
    codes: Values

    def kernel(self, node: Node) -> np.ndarray:
        return dequantized(self.codes[node.name], self.weights[node.name])


def dequantized(codes: np.ndarray, params: list[QuantParams]) -> np.ndarray:
    rows = params * len(codes) if len(params) == 1 else params
    return np.stack([p.dequantize(row) for p, row in zip(rows, codes, strict=True)])


def spec(net: Net, values: Values, scheme: Scheme) -> Spec:
    outputs, weights, codes = {}, {}, {}
    for node in net.nodes:
        if node.quantized:
            outputs[node.name] = scheme.activation_params(values[node.name].min(), values[node.name].max())
        if node.weighted:
            kernel = net.kernels[node.name]
            weights[node.name] = scheme.weight_params(kernel.reshape(len(kernel), -1))
            rows = weights[node.name] * len(kernel) if len(weights[node.name]) == 1 else weights[node.name]
            codes[node.name] = np.stack([p.quantize(k) for p, k in zip(rows, kernel, strict=True)])
    return Spec(outputs, weights, codes)


def as_file(net: Net, builder: Builder, stored: Values) -> tuple[Values, dict[str, str]]:
    """Tensors and metadata of the whole network, as docs/formats.md describes them."""
    nodes, tensors = [], {}
    for node in net.nodes:
        entry = {"name": node.name, "inputs": list(node.inputs)}
        if node.activation != "none":
            entry["clamp"] = node.activation
        match node.kind:
            case "input":
                entry |= {"op": "input", "shape": list(builder.input_shape)}
            case "conv":
                window = {"kernel": node.kernel, "stride": node.stride, "dilation": [1, 1], "padding": node.padding}
                entry |= {"op": "convolution", **window, "groups": node.groups, "channels": node.channels}
            case "residual-add":
                entry |= {"op": "elementwise", "function": "add"}
            case "global-average-pool":
                entry |= {"op": "global-pool", "kind": "average"}
        if node.weighted:
            tensors[f"{node.name}.kernel"] = net.kernels[node.name]
            tensors[f"{node.name}.bias"] = net.biases[node.name]
        if node.batch_norm:
            entry["stored"] = {"epsilon": EPSILON, "bias": False}
            tensors[f"{node.name}.stored.kernel"] = stored[f"{node.name}.kernel"]
            tensors |= {k: v for k, v in stored.items() if k.startswith(f"{node.name}.bn.")}
        nodes.append(entry)
    graph = {"version": 1, "name": "remedies", "family": "golden", "nodes": nodes, "outputs": [net.nodes[-1].name]}
    return tensors, {"depthscope.graph": json.dumps(graph)}
