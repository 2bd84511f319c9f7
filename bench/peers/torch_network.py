"""The network in PyTorch: fp32, with quantized weights, and both side by side, eager with hooks or for the compiler.

A *stage* is the network's input, a convolution with its ReLU6, or the pooling; stage 0 is the input. Both pairs hand
every stage's two outputs to a `measure(stage, x, y)`: x of the fp32 stream, y of the quantized stream before its
quantization. What it returns goes on through the quantized stream.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from bench.peers.mobilenet import Conv, Network
from bench.peers.quantization import CODES, Range, tensor_params

Measure = Callable[[int, torch.Tensor, torch.Tensor], torch.Tensor]
POOL = "global_pool"


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


def build(net: Network, device: torch.device, channels_last: bool = True) -> nn.Sequential:
    """The fp32 network."""
    stages: dict[str, nn.Module] = {}
    size = net.resolution
    for conv in net.convs:
        if conv.classifier:
            stages[POOL] = nn.AdaptiveAvgPool2d(1)
            size = 1
        stages[conv.name] = Layer(conv, net, size)
        size = -(-size // conv.stride)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    return nn.Sequential(OrderedDict(stages)).eval().to(device, memory_format=layout)


def build_quantized(net: Network, device: torch.device, channels_last: bool = True) -> nn.Sequential:
    """The same network with fake-quantized weights; outputs are left to the pair that runs it."""
    model = build(net, device, channels_last)
    for layer in model:
        if isinstance(layer, Layer):
            weight = layer.conv.weight.data
            scale, zero = tensor_params(float(weight.min()), float(weight.max()))
            layer.conv.weight.data = torch.fake_quantize_per_tensor_affine(
                weight, float(scale), int(zero), 0, CODES - 1
            )
    return model


def image_batch(pixels: torch.Tensor, channels_last: bool = True) -> torch.Tensor:
    """uint8 NHWC to float32 NCHW in -1..1; in memory channels come last or not.

    In 8 bits nearly all of these inputs lie at ties, so the order of operations is Depthscope's, to the last bit.
    """
    x = (pixels.permute(0, 3, 1, 2).to(torch.float32) - 127.5) / 127.5
    return x if channels_last else x.contiguous()


@dataclass(frozen=True)
class Calibration:
    """Of every stage: its range, which sets the quantization of its output, and the middle of each channel's.

    `quantized` is False for the pooling, whose output stays as it is.
    """

    names: list[str]
    ranges: list[Range]
    middles: list[torch.Tensor]
    quantized: list[bool]


@torch.inference_mode()
def calibrate(net: Network, x: torch.Tensor) -> Calibration:
    """Minima and maxima over one batch."""
    model = build(net, x.device)
    found = Calibration([], [], [], [])

    def add(name: str, out: torch.Tensor) -> None:
        low, high = out.amin((0, 2, 3)), out.amax((0, 2, 3))
        found.names.append(name)
        found.ranges.append((float(low.min()), float(high.max())))
        found.middles.append((low + high) / 2)
        found.quantized.append(name != POOL)

    add("input", x)
    for name, stage in model.named_children():
        x = stage(x)
        add(name, x)
    return found


class HookedPair:
    """Runs the fp32 network with hooks that keep every output, then the other, whose hooks measure against them."""

    def __init__(self, net: Network, device: torch.device, measure: Measure, channels_last: bool = True) -> None:
        self.fp32 = build(net, device, channels_last)
        self.quantized = build_quantized(net, device, channels_last)
        kept: dict[int, torch.Tensor] = {}
        for k, (a, b) in enumerate(zip(self.fp32, self.quantized, strict=True), start=1):
            a.register_forward_hook(lambda _m, _i, out, k=k: kept.__setitem__(k, out))
            b.register_forward_hook(lambda _m, _i, out, k=k: measure(k, kept.pop(k), out))
        self.quantized[0].register_forward_pre_hook(lambda _m, args: (measure(0, args[0], args[0]),))

    @torch.inference_mode()
    def __call__(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits of both streams."""
        return self.fp32(x), self.quantized(x)


class StagedPair(nn.Module):
    """Both networks stage by stage in one forward function, so that the compiler sees everything at once."""

    def __init__(self, net: Network, device: torch.device, measures: nn.ModuleList, channels_last: bool = True) -> None:
        super().__init__()
        self.fp32 = build(net, device, channels_last)
        self.quantized = build_quantized(net, device, channels_last)
        self.measures = measures

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits of both streams."""
        xq = self.measures[0](x, x)
        for measure, a, b in zip(self.measures[1:], self.fp32, self.quantized, strict=True):
            x = a(x)
            xq = measure(x, b(xq))
        return x, xq
