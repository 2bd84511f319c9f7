"""Small random networks and their two streams, computed with PyTorch.

Sums of a layer are taken in float64 and rounded once to float32, so that a golden value does not depend on the order in
which a library adds. Every layer is also computed in float32, and the two must agree.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F

from tools.golden.quantization import QuantParams, Scheme

KINDS_WITH_WEIGHTS = ("conv", "depthwise", "fully-connected")
PAIRS = {"residual-add": torch.add, "multiply": torch.mul, "subtract": torch.sub}
FUNCTIONS = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "hard-swish": F.hardswish,
    "silu": F.silu,
    "gelu": F.gelu,
    "gelu-tanh": lambda x: F.gelu(x, approximate="tanh"),
    "mish": F.mish,
    "softplus": F.softplus,
    "elu": F.elu,
    "erf": torch.erf,
    "abs": torch.abs,
    "exp": torch.exp,
    "sqrt": torch.sqrt,
}
KINDS_QUANTIZED = (*KINDS_WITH_WEIGHTS, "input", *PAIRS, *FUNCTIONS, "leaky-relu", "local-response", "layer-norm", "concat")


@dataclass(frozen=True)
class Node:
    """A layer; `padding` is top, bottom, left, right. `clamp` holds its lower and its upper ends."""

    name: str
    kind: str
    inputs: tuple[str, ...] = ()
    channels: int = 0
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    activation: str = "none"
    batch_norm: bool = False
    bias: bool = False
    dilation: int = 1
    groups: int = 1
    clamp: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    # Of a resize: rows and columns, and whether corners are aligned, which otherwise are centres of cells.
    to: tuple[int, int] | None = None
    corners: bool = False
    # Of a leaky rectifier, a slope a channel; of a local response its size, alpha, beta and bias.
    slope: tuple[float, ...] = ()
    response: tuple[float, ...] = ()
    # Of a norm over channels: what is added to the variance, a scale and a shift a channel.
    epsilon: float = 0.0
    scale: tuple[float, ...] = ()
    shift: tuple[float, ...] = ()
    # Of a rearrangement: the places its values come from, -1 for the constants of its channels, and those.
    source: np.ndarray | None = None
    fill: tuple[float, ...] = ()

    @property
    def weighted(self) -> bool:
        return self.kind in KINDS_WITH_WEIGHTS

    @property
    def quantized(self) -> bool:
        return self.kind in KINDS_QUANTIZED

    @property
    def channels_last(self) -> bool:
        """Whether the kernel is [KH, KW, C]: a depthwise one with an output a channel."""
        return self.kind == "depthwise" and self.groups == 1

    def as_json(self) -> dict:
        rest = {}
        if self.dilation != 1:
            rest["dilation"] = self.dilation
        if self.groups != 1:
            rest["groups"] = self.groups
        if self.clamp:
            rest["clamp"] = [list(ends) for ends in self.clamp]
        if self.to:
            rest["to"] = list(self.to)
        if self.kind == "resize-bilinear":
            rest["corners"] = self.corners
        if self.slope:
            rest["slope"] = list(self.slope)
        if self.response:
            rest["response"] = list(self.response)
        if self.epsilon:
            rest |= {"epsilon": self.epsilon, "scale": list(self.scale), "shift": list(self.shift)}
        if self.source is not None:
            rest["source"] = self.source.ravel().tolist()
            rest["fill"] = list(self.fill)
        return {
            "name": self.name,
            "kind": self.kind,
            "inputs": list(self.inputs),
            "outChannels": self.channels,
            "kernel": list(self.kernel),
            "stride": list(self.stride),
            "padding": list(self.padding),
            "activation": self.activation,
            "batchNorm": self.batch_norm,
            "bias": self.bias,
            **rest,
        }


class Builder:
    """Strings nodes together and keeps track of shapes, which padding and channel counts need."""

    def __init__(self, height: int, width: int, channels: int) -> None:
        self.input_shape = (height, width, channels)
        self.nodes = [Node("input", "input", channels=channels)]
        self.shapes = {"input": (height, width, channels)}

    def places(self, name: str | None = None) -> np.ndarray:
        """The place of each value of a node's output, [height, width, channels]."""
        shape = self.shapes[name or self.last]
        return np.arange(np.prod(shape)).reshape(shape)

    def rearrange(self, name: str, kind: str, source: np.ndarray, fill: tuple[float, ...] = (0.0,)) -> "Builder":
        """Appends a node whose values come from places of the last one, [height, width, channels]."""
        h, w, c = source.shape
        return self.add(name, kind, c, to=(h, w), source=source, fill=fill)

    @property
    def last(self) -> str:
        return self.nodes[-1].name

    def add(
        self,
        name: str,
        kind: str,
        channels: int | None = None,
        kernel: int = 1,
        stride: int = 1,
        padding: str | tuple[int, int, int, int] | int = 0,
        inputs: tuple[str, ...] | None = None,
        dilation: int = 1,
        **rest: str | bool | int | tuple,
    ) -> "Builder":
        """Appends a node that reads the last one or `inputs`; padding is "same", one number or four."""
        sources = inputs or (self.last,)
        h, w, c = self.shapes[sources[0]]
        if padding == "same":
            sides = _same(h, kernel, stride) + _same(w, kernel, stride)
        elif isinstance(padding, int):
            sides = (padding,) * 4
        else:
            sides = padding
        extent = (kernel - 1) * dilation + 1
        if kind == "global-average-pool":
            out = (1, 1)
        elif "to" in rest:
            out = rest["to"]
        elif kind in PAIRS:
            out = max(self.shapes[s][:2] for s in sources)
        else:
            out = (
                (h + sides[0] + sides[1] - extent) // stride + 1,
                (w + sides[2] + sides[3] - extent) // stride + 1,
            )
        if kind == "concat":
            channels = sum(self.shapes[s][2] for s in sources)
        rest["dilation"] = dilation
        node = Node(name, kind, sources, channels or c, (kernel, kernel), (stride, stride), sides, **rest)
        self.nodes.append(node)
        self.shapes[name] = (*out, node.channels)
        return self


def _same(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros before and after in TensorFlow's "same" padding."""
    total = max(0, (-(-size // stride) - 1) * stride + kernel - size)
    return total // 2, total - total // 2


@dataclass
class Network:
    nodes: list[Node]
    shapes: dict[str, tuple[int, int, int]]
    epsilon: float
    stored: dict[str, np.ndarray] = field(default_factory=dict)
    kernels: dict[str, np.ndarray] = field(default_factory=dict)
    biases: dict[str, np.ndarray] = field(default_factory=dict)

    def fold(self) -> None:
        """Fills `kernels` and `biases` from the stored tensors, in double, rounded once."""
        for node in self.nodes:
            if not node.weighted:
                continue
            kernel = self.stored[f"{node.name}.kernel"].astype(np.float64)
            bias = self.stored.get(f"{node.name}.bias", np.zeros(node.channels)).astype(np.float64)
            if node.batch_norm:
                gamma, beta, mean, variance = (
                    self.stored[f"{node.name}.bn.{p}"].astype(np.float64) for p in ("gamma", "beta", "mean", "variance")
                )
                root = np.sqrt(variance + self.epsilon)
                axis = (1, 1, -1) if node.channels_last else (-1, 1, 1, 1)
                kernel = kernel * gamma.reshape(axis) / root.reshape(axis)
                bias = (bias - mean) * gamma / root + beta
            self.kernels[node.name] = kernel.astype(np.float32)
            self.biases[node.name] = bias.astype(np.float32)


def random_network(builder: Builder, rng: np.random.Generator, dead_channels: int) -> Network:
    """Random parameters; `dead_channels` of every batch norm get a variance far below epsilon."""
    net = Network(builder.nodes, builder.shapes, epsilon=1e-3)
    for node in net.nodes:
        if not node.weighted:
            continue
        kh, kw = node.kernel
        c_in = net.shapes[node.inputs[0]][2]
        if node.channels_last:
            shape, fan_in = (kh, kw, node.channels), kh * kw
        else:
            depth = c_in // node.groups
            shape, fan_in = (node.channels, kh, kw, depth), kh * kw * depth
        # Channels differ in size, as trained ones do; otherwise per-channel and per-tensor would look alike.
        spread = rng.lognormal(0.0, 0.6, node.channels).astype(np.float32)
        kernel = rng.normal(0.1, (1.6 / fan_in) ** 0.5, shape).astype(np.float32)
        kernel *= spread if node.channels_last else spread.reshape(-1, 1, 1, 1)
        store = {"kernel": kernel}
        if node.bias:
            store["bias"] = rng.normal(0, 0.2, node.channels)
        if node.batch_norm:
            store["bn.gamma"] = rng.uniform(0.5, 1.5, node.channels)
            store["bn.beta"] = rng.normal(0.2, 0.3, node.channels)
            store["bn.mean"] = rng.normal(0, 0.2, node.channels)
            store["bn.variance"] = rng.uniform(0.3, 2.0, node.channels)
            dead = rng.permutation(node.channels)[:dead_channels]
            store["bn.variance"][dead] = 10.0 ** rng.uniform(-9, -6, len(dead))
        for key, value in store.items():
            net.stored[f"{node.name}.{key}"] = value.astype(np.float32)
    net.fold()
    return net


def channels_first(node: Node, kernel: np.ndarray) -> np.ndarray:
    """A kernel as [C, elements of the channel]."""
    if node.channels_last:
        return kernel.reshape(-1, node.channels).T
    return kernel.reshape(node.channels, -1)


def quantized_kernel(node: Node, kernel: np.ndarray, params: list[QuantParams]) -> tuple[np.ndarray, np.ndarray]:
    """Codes and dequantized kernel, both in the kernel's own layout."""
    rows = channels_first(node, kernel)
    per_row = params * len(rows) if len(params) == 1 else params
    codes = np.stack([p.quantize(r) for p, r in zip(per_row, rows, strict=True)])
    values = np.stack([p.dequantize(q) for p, q in zip(per_row, codes, strict=True)])
    if node.channels_last:
        return codes.T.reshape(kernel.shape), values.T.reshape(kernel.shape)
    return codes.reshape(kernel.shape), values.reshape(kernel.shape)


def apply(node: Node, inputs: list[np.ndarray], kernel: np.ndarray | None, bias: np.ndarray | None) -> np.ndarray:
    """Output of one layer after its activation, NHWC float32 in and out."""
    exact = _apply(node, inputs, kernel, bias, torch.float64)
    single = _apply(node, inputs, kernel, bias, torch.float32)
    # Two precisions of the same layer: a wrong layout would show as a difference far beyond rounding elsewhere.
    np.testing.assert_allclose(single, exact, rtol=1e-4, atol=1e-4 * max(1.0, np.abs(exact).max()))
    return exact


def _apply(
    node: Node,
    inputs: list[np.ndarray],
    kernel: np.ndarray | None,
    bias: np.ndarray | None,
    dtype: torch.dtype,
) -> np.ndarray:
    x, *others = (torch.from_numpy(i).to(dtype).permute(0, 3, 1, 2) for i in inputs)
    top, bottom, left, right = node.padding
    sides = (left, right, top, bottom)
    match node.kind:
        case "conv" | "fully-connected" | "depthwise":
            w = torch.from_numpy(kernel).to(dtype)
            w = w.permute(2, 0, 1).unsqueeze(1) if node.channels_last else w.permute(0, 3, 1, 2)
            groups = node.channels if node.channels_last else node.groups
            b = torch.from_numpy(bias).to(dtype)
            y = F.conv2d(F.pad(x, sides), w, b, node.stride, dilation=node.dilation, groups=groups)
        case kind if kind in PAIRS:
            y = PAIRS[kind](x, others[0])
        case kind if kind in FUNCTIONS:
            y = FUNCTIONS[kind](x)
        case "leaky-relu":
            y = F.prelu(x, torch.tensor(node.slope, dtype=torch.float32).to(dtype))
        case "local-response":
            size, alpha, beta, bias = node.response
            # PyTorch puts the odd neighbour of an even size in front, this network behind.
            around = F.pad(x.square().unsqueeze(1), (0, 0, 0, 0, (size - 1) // 2, size // 2))
            y = x / (bias + alpha * F.avg_pool3d(around, (size, 1, 1), stride=1).squeeze(1)) ** beta
        case "layer-norm":
            scale, shift = (torch.tensor(v, dtype=torch.float32).to(dtype) for v in (node.scale, node.shift))
            y = F.layer_norm(x.permute(0, 2, 3, 1), (node.channels,), scale, shift, node.epsilon).permute(0, 3, 1, 2)
        case "resize-bilinear":
            y = F.interpolate(x, node.to, mode="bilinear", align_corners=node.corners)
        case _ if node.source is not None:
            flat = torch.cat((x.permute(0, 2, 3, 1).flatten(1), torch.zeros((len(x), 1), dtype=dtype)), dim=1)
            moved = flat[:, node.source.ravel()].reshape(-1, *node.source.shape)
            y = torch.where(torch.from_numpy(node.source < 0), torch.from_numpy(kernel).to(dtype), moved)
            y = y.permute(0, 3, 1, 2)
        case "concat":
            y = torch.cat((x, *others), dim=1)
        case "global-average-pool":
            y = x.mean((2, 3), keepdim=True)
        case "average-pool":
            # A convolution with ones sums a window, dilated or not.
            c = x.shape[1]
            ones = torch.ones((c, 1, *node.kernel), dtype=dtype)
            total = F.conv2d(F.pad(x, sides), ones, None, node.stride, dilation=node.dilation, groups=c)
            seen = F.pad(torch.ones_like(x), sides)
            y = total / F.conv2d(seen, ones, None, node.stride, dilation=node.dilation, groups=c)
        case "max-pool":
            y = F.max_pool2d(F.pad(x, sides, value=-torch.inf), node.kernel, node.stride, dilation=node.dilation)
        case _:
            raise ValueError(node.kind)
    y = y.to(torch.float32)
    if node.activation == "relu":
        y = F.relu(y)
    elif node.activation == "relu6":
        y = F.relu6(y)
    elif node.clamp:
        low, high = (torch.tensor(ends).reshape(1, -1, 1, 1) for ends in node.clamp)
        y = torch.maximum(torch.minimum(y, high), low)
    return y.permute(0, 2, 3, 1).contiguous().numpy()


@dataclass
class LayerRun:
    """What one layer did to a batch. `before` is the quantized stream's output before it is quantized."""

    x: np.ndarray
    before: np.ndarray
    xq: np.ndarray
    codes: np.ndarray | None
    clipped: np.ndarray
    terms: dict[str, np.ndarray]


@dataclass
class NetworkRun:
    layers: dict[str, LayerRun]
    activation_params: dict[str, QuantParams]
    weight_params: dict[str, list[QuantParams]]
    weight_codes: dict[str, np.ndarray]


def run_paired(net: Network, images: np.ndarray, scheme: Scheme, shrink: float) -> NetworkRun:
    """Both streams; activation ranges are min-max over `images`, times `shrink`."""
    run = NetworkRun({}, {}, {}, {})
    for node in net.nodes:
        w = net.kernels.get(node.name)
        wq, bias = w, net.biases.get(node.name)
        if node.weighted and scheme.weight_bits:
            run.weight_params[node.name] = scheme.weight_params(channels_first(node, w))
            codes, wq = quantized_kernel(node, w, run.weight_params[node.name])
            run.weight_codes[node.name] = codes
        if node.source is not None:
            # Constants among values that hand their codes on are of the same codes.
            w = np.array(node.fill, np.float32)
            params = _handed_on(net, run, node)
            wq = params.fake_quantize(w) if params else w
        if node.kind == "input":
            x = before = same_weights = images
        else:
            plain = [run.layers[i].x for i in node.inputs]
            noisy = [run.layers[i].xq for i in node.inputs]
            x = apply(node, plain, w, bias)
            same_weights = apply(node, plain, wq, bias)
            before = apply(node, noisy, wq, bias)
        xq, codes, clipped = before, None, np.zeros(before.shape, bool)
        if node.quantized and scheme.activation_bits:
            low, high = (float(np.float32(v) * np.float32(shrink)) for v in (x.min(), x.max()))
            params = run.activation_params[node.name] = scheme.activation_params(low, high)
            codes = params.quantize(before)
            xq = params.dequantize(codes)
            clipped = params.clipped(before)
        run.layers[node.name] = LayerRun(x, before, xq, codes, clipped, _terms(x, same_weights, before, xq, clipped))
    return run


def _handed_on(net: Network, run: NetworkRun, node: Node) -> QuantParams | None:
    """How the values that a node reads are quantized, by itself or before they were handed on."""
    by_name = {n.name: n for n in net.nodes}
    source = by_name[node.inputs[0]]
    while not source.quantized and len(source.inputs) == 1:
        source = by_name[source.inputs[0]]
    return run.activation_params.get(source.name)


def _terms(
    x: np.ndarray, same_weights: np.ndarray, before: np.ndarray, xq: np.ndarray, clipped: np.ndarray
) -> dict[str, np.ndarray]:
    d = [t.astype(np.float64) for t in (x, same_weights, before, xq)]
    own = d[3] - d[2]
    return {
        "inherited": d[2] - d[1],
        "weights": d[1] - d[0],
        "clipping": np.where(clipped, own, 0.0),
        "rounding": np.where(clipped, 0.0, own),
    }
