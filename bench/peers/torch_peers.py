"""The peers that run on PyTorch, eager, channels-last. Each takes a float32 NCHW batch, returns what it measured."""

from collections import OrderedDict
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from bench.peers.mobilenet import Conv, Network
from bench.peers.onnx_graphs import Range, tensor_params

BIT_BINS = 1 << 15  # sign, exponent and top six mantissa bits of a float32


class Layer(nn.Module):
    """One folded convolution with its padding and ReLU6."""

    def __init__(self, conv: Conv, net: Network, size: int) -> None:
        super().__init__()
        before, after = conv.padding(size)
        self.sides = (before, after, before, after) if before != after else None
        self.conv = nn.Conv2d(
            net.input_channels[conv.name],
            conv.channels,
            conv.kernel,
            conv.stride,
            padding=0 if self.sides else before,
            groups=conv.channels if conv.depthwise else 1,
        )
        self.conv.weight.data = torch.from_numpy(net.weights[conv.name])
        self.conv.bias.data = torch.from_numpy(net.biases[conv.name])
        self.act = nn.Identity() if conv.classifier else nn.ReLU6(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.sides:
            x = F.pad(x, self.sides)
        return self.act(self.conv(x))


def build(net: Network) -> nn.Sequential:
    """The fp32 network."""
    stages: dict[str, nn.Module] = {}
    size = net.resolution
    for conv in net.convs:
        if conv.classifier:
            stages["global_pool"] = nn.AdaptiveAvgPool2d(1)
            size = 1
        stages[conv.name] = Layer(conv, net, size)
        size = -(-size // conv.stride)
    return nn.Sequential(OrderedDict(stages)).eval().to(memory_format=torch.channels_last)


def _fake_quantize(x: torch.Tensor, found: Range) -> torch.Tensor:
    scale, zero = tensor_params(*found)
    return torch.fake_quantize_per_tensor_affine(x, float(scale), int(zero), 0, 255)


def build_quantized(net: Network, calibrated: list[Range]) -> nn.Sequential:
    """The same network with fake-quantized weights and, by hooks, input and outputs."""
    model = build(net)
    for (name, layer), found in zip(_layers(model), calibrated[1:], strict=True):
        weight = layer.conv.weight.data
        layer.conv.weight.data = _fake_quantize(weight, (float(weight.min()), float(weight.max())))
        layer.register_forward_hook(lambda _m, _i, out, found=found: _fake_quantize(out, found))
        if name == "conv1":
            layer.register_forward_pre_hook(lambda _m, args: (_fake_quantize(args[0], calibrated[0]),))
    return model


def _layers(model: nn.Sequential) -> list[tuple[str, Layer]]:
    return [(n, m) for n, m in model.named_children() if isinstance(m, Layer)]


def _input(batch: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(batch).contiguous(memory_format=torch.channels_last)


def plain(net: Network) -> Callable[[np.ndarray], np.ndarray]:
    """Logits of the fp32 network."""
    model = build(net)

    @torch.inference_mode()
    def peer(batch: np.ndarray) -> np.ndarray:
        return model(_input(batch)).numpy()

    return peer


def paired(
    net: Network, calibrated: list[Range], measure: Callable[[torch.Tensor, torch.Tensor, Range], object]
) -> Callable[[np.ndarray], list[object]]:
    """Runs fp32 with hooks that keep every output, then the quantized network whose hooks measure against them."""
    fp32, quantized = build(net), build_quantized(net, calibrated)
    kept: dict[str, torch.Tensor] = {}
    found: list[object] = []
    for (name, a), (_, b), limits in zip(_layers(fp32), _layers(quantized), calibrated[1:], strict=True):
        a.register_forward_hook(lambda _m, _i, out, name=name: kept.__setitem__(name, out))
        b.register_forward_hook(
            lambda _m, _i, out, name=name, limits=limits: found.append(measure(kept.pop(name), out, limits))
        )

    @torch.inference_mode()
    def peer(batch: np.ndarray) -> list[object]:
        found.clear()
        x = _input(batch)
        fp32(x)
        quantized(x)
        return list(found)

    return peer


def mse(x: torch.Tensor, xq: torch.Tensor, _limits: Range) -> float:
    return float(F.mse_loss(xq, x))


def statistics(x: torch.Tensor, xq: torch.Tensor, limits: Range) -> dict[str, torch.Tensor]:
    """What Depthscope's full level records: moments of both streams and error sums a channel, two histograms."""
    found = {}
    e = xq - x
    for name, t in (("fp32", x), ("quantized", xq)):
        found[f"{name}.min"] = t.amin((0, 2, 3))
        found[f"{name}.max"] = t.amax((0, 2, 3))
        found[f"{name}.sum"] = t.sum((0, 2, 3))
        square = t * t
        found[f"{name}.sum2"] = square.sum((0, 2, 3))
        found[f"{name}.sum3"] = (square * t).sum((0, 2, 3))
        found[f"{name}.sum4"] = (square * square).sum((0, 2, 3))
    found["error.sum"] = e.sum((0, 2, 3))
    found["error.sum2"] = (e * e).sum((0, 2, 3))
    found["error.max"] = e.abs().amax((0, 2, 3))
    found["product"] = (x * xq).sum((0, 2, 3))
    scale, zero = tensor_params(*limits)
    codes = (xq * (1 / float(scale)) + float(zero)).round_().to(torch.int32)
    found["atMin"] = (codes == 0).sum((0, 2, 3))
    found["atMax"] = (codes == 255).sum((0, 2, 3))
    # Histograms do not care about order; channels-last memory is read as it lies.
    bits = x.permute(0, 2, 3, 1).reshape(-1).view(torch.int32)
    found["bits"] = torch.bincount((bits >> 17) & (BIT_BINS - 1), minlength=BIT_BINS)
    found["codes"] = torch.bincount(codes.permute(0, 2, 3, 1).reshape(-1), minlength=256)
    return found
