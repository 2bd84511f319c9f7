"""What Depthscope's `statistics` level records, in PyTorch: per stage and channel, summed over batches on the device.

Both streams: minimum, maximum, sums of the first four powers about a shift, zeros. Their error e = xq - x: sum, sum of
squares, largest |e|. How many codes were clamped. A histogram of the fp32 values' bits, one of the codes.

Sums of a batch are float32, as PyTorch reduces them, and are added up in float64. Counts are exact.
"""

from collections.abc import Callable

import torch
from torch import nn

from bench.peers.quantization import CODES, Range, tensor_params
from bench.peers.torch_network import Calibration

BITS_SHIFT = 17  # leaves sign, exponent and the top six mantissa bits of a float32
ALL_BITS = 1 << (32 - BITS_SHIFT)
BITS_UP_TO_6 = (0x40C00000 >> BITS_SHIFT) + 1  # of what a ReLU6 lets through
COPIES = 32
POSITIONS = (0, 2, 3)

Counter = Callable[[torch.Tensor, int, int], torch.Tensor]


def _flat(t: torch.Tensor) -> torch.Tensor:
    """The values in the order of memory, so that nothing is moved."""
    if t.dim() == 4 and t.is_contiguous(memory_format=torch.channels_last):
        t = t.permute(0, 2, 3, 1)
    return t.reshape(-1)


def by_histc(values: torch.Tensor, lowest: int, bins: int) -> torch.Tensor:
    """Exact for integers; on a GPU it counts in shared memory where the bins fit."""
    return torch.histc(_flat(values), bins, lowest, lowest + bins)


def by_bincount(values: torch.Tensor, lowest: int, bins: int) -> torch.Tensor:
    """Waits for the device, and the compiler cannot take it in."""
    return torch.bincount(_flat(values) - lowest, minlength=bins)


def by_scatter(values: torch.Tensor, lowest: int, bins: int) -> torch.Tensor:
    """Atomic additions; slow where many values fall into one bin."""
    return _scatter((_flat(values) - lowest).long(), bins)


def by_spread_scatter(values: torch.Tensor, lowest: int, bins: int) -> torch.Tensor:
    """The same on a copy of the counts for every 32nd channel, so that neighbours do not meet."""
    channels = values.shape[1]
    copy = torch.arange(channels, device=values.device, dtype=torch.int32) % COPIES
    index = _flat(values - lowest + (copy * bins).view(1, -1, 1, 1)).long()
    return _scatter(index, bins * COPIES).view(COPIES, bins).sum(0)


def _scatter(index: torch.Tensor, bins: int) -> torch.Tensor:
    counts = torch.zeros(bins, dtype=torch.int32, device=index.device)
    return counts.scatter_add_(0, index, counts.new_ones(()).expand_as(index))


COUNTERS: dict[str, Counter] = {
    "histc": by_histc,
    "bincount": by_bincount,
    "scatter_add": by_scatter,
    "scatter_add, 32 copies": by_spread_scatter,
}


def bit_bins(x: torch.Tensor, bins: int) -> torch.Tensor:
    """Bins of values; with fewer than all bins, of values that are not negative."""
    mask = ALL_BITS - 1 if bins == ALL_BITS else ALL_BITS // 2 - 1
    return (x.view(torch.int32) >> BITS_SHIFT) & mask


class Quantizer(nn.Module):
    """Quantizes the outputs of one stage. Gives xq, the codes less the zero point, and where they were clamped."""

    def __init__(self, found: Range) -> None:
        super().__init__()
        scale, zero = tensor_params(*found)
        self.scale, self.zero = float(scale), int(zero)

    def fake_quantize(self, y: torch.Tensor) -> torch.Tensor:
        return torch.fake_quantize_per_tensor_affine(y, self.scale, self.zero, 0, CODES - 1)

    def forward(self, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """By the operation made for it: one kernel for xq and the clamping, where the formula would take five."""
        xq, inside = torch.ops.aten.fake_quantize_per_tensor_affine_cachemask(y, self.scale, self.zero, 0, CODES - 1)
        return xq, (xq * (1 / self.scale)).round_().to(torch.int32), inside.logical_not_()


class FormulaQuantizer(Quantizer):
    """The same by the formula, which the compiler fuses with what is around it.

    Scale and limits are tensors, so that stages of one shape share their compiled kernels.
    """

    def __init__(self, found: Range, device: torch.device) -> None:
        super().__init__(found)
        values = torch.tensor([self.scale, -self.zero, CODES - 1 - self.zero], device=device)
        for name, value in zip(("step", "low", "high"), values, strict=True):
            self.register_buffer(name, value.clone())

    def fake_quantize(self, y: torch.Tensor) -> torch.Tensor:
        return torch.round(y / self.step).clamp(self.low, self.high) * self.step

    def forward(self, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        steps = torch.round(y / self.step)
        codes = steps.clamp(self.low, self.high)
        return codes * self.step, codes.to(torch.int32), steps != codes


class Totals(nn.Module):
    """Running sums of one stage; rows of the two-dimensional ones are named in `named`."""

    def __init__(self, channels: int, bins: int, coded: bool, device: torch.device) -> None:
        super().__init__()
        made = {
            "sums": torch.zeros(10, channels, dtype=torch.float64),
            "lows": torch.full((2, channels), torch.inf),
            "highs": torch.full((3, channels), -torch.inf),
            "counts": torch.zeros(3, channels, dtype=torch.int64),
            "bits": torch.zeros(bins, dtype=torch.int64),
            "codes": torch.zeros(CODES if coded else 0, dtype=torch.int64),
        }
        for name, value in made.items():
            self.register_buffer(name, value.to(device))

    def clear(self) -> None:
        for name, value in self.named_buffers():
            value.fill_({"lows": torch.inf, "highs": -torch.inf}.get(name, 0))

    def named(self) -> dict[str, torch.Tensor]:
        """A copy of each statistic by its name, on the CPU."""
        powers = [f"{stream}.power{k}" for stream in ("fp32", "quantized") for k in (1, 2, 3, 4)]
        rows = {
            "sums": [*powers, "error.sum", "error.squares"],
            "lows": ["fp32.min", "quantized.min"],
            "highs": ["fp32.max", "quantized.max", "error.max"],
            "counts": ["fp32.zeros", "quantized.zeros", "saturated"],
        }
        found = {}
        for name, value in self.named_buffers():
            copy = value.cpu().clone()
            found.update(zip(rows[name], copy, strict=True) if name in rows else {name: copy})
        return found


class Recorder(nn.Module):
    """Quantizes the quantized stream's output of one stage and adds both streams to its totals."""

    def __init__(
        self, quantizer: Quantizer | None, middle: torch.Tensor, bins: int, count_bits: Counter, count_codes: Counter
    ) -> None:
        super().__init__()
        self.quantizer = quantizer
        self.register_buffer("shift", middle.view(1, -1, 1, 1).clone())
        self.bins, self.count_bits, self.count_codes = bins, count_bits, count_codes
        self.totals = Totals(len(middle), bins, quantizer is not None, middle.device)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        totals = self.totals
        xq, saturated = y, None
        if self.quantizer:
            xq, codes, outside = self.quantizer(y)
            saturated = outside.sum(POSITIONS)
            totals.codes += self.count_codes(codes, -self.quantizer.zero, CODES)
        totals.bits += self.count_bits(bit_bins(x, self.bins), 0, self.bins)

        e = xq - x
        squares = e * e
        sums = [*_powers(x - self.shift), *_powers(xq - self.shift), e.sum(POSITIONS), squares.sum(POSITIONS)]
        totals.sums += torch.stack(sums)
        lows = [x.amin(POSITIONS), xq.amin(POSITIONS)]
        totals.lows.copy_(torch.minimum(totals.lows, torch.stack(lows)))
        highs = [x.amax(POSITIONS), xq.amax(POSITIONS), e.abs().amax(POSITIONS)]
        totals.highs.copy_(torch.maximum(totals.highs, torch.stack(highs)))
        zeros = [(t == 0).sum(POSITIONS) for t in (x, xq)]
        totals.counts += torch.stack([*zeros, torch.zeros_like(zeros[0]) if saturated is None else saturated])
        return xq


def _powers(d: torch.Tensor) -> list[torch.Tensor]:
    square = d * d
    terms = (d, square, square * d, square * square)
    return [t.sum(POSITIONS) for t in terms]


def recorders(
    calibration: Calibration, counters: dict[str, Counter], formula: bool, device: torch.device
) -> nn.ModuleList:
    """One for each stage; `counters` holds the ways to count "bits" and "codes"."""
    made = []
    stages = zip(calibration.names, calibration.ranges, calibration.middles, calibration.quantized, strict=True)
    for name, found, middle, quantized in stages:
        signed = name in ("input", calibration.names[-1])
        quantizer = None
        if quantized:
            quantizer = FormulaQuantizer(found, device) if formula else Quantizer(found)
        bins = ALL_BITS if signed else BITS_UP_TO_6
        made.append(Recorder(quantizer, middle.to(device), bins, counters["bits"], counters["codes"]))
    return nn.ModuleList(made)


class LogitsOnly(nn.Module):
    """Quantizes and records nothing."""

    def __init__(self, quantizer: Quantizer | None) -> None:
        super().__init__()
        self.quantizer = quantizer

    def forward(self, _x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return self.quantizer.fake_quantize(y) if self.quantizer else y


def logits_only(calibration: Calibration, formula: bool, device: torch.device) -> nn.ModuleList:
    """One for each stage."""
    made = [
        LogitsOnly((FormulaQuantizer(found, device) if formula else Quantizer(found)) if quantized else None)
        for found, quantized in zip(calibration.ranges, calibration.quantized, strict=True)
    ]
    return nn.ModuleList(made)
