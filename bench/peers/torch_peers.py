"""The peers that run on PyTorch on the CPU: eager, channels-last. Each takes a float32 NCHW batch in numpy."""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from bench.peers import torch_statistics
from bench.peers.mobilenet import Network
from bench.peers.torch_network import Calibration, HookedPair, build, calibrate

CPU = torch.device("cpu")
COUNTERS = {"bits": torch_statistics.by_bincount, "codes": torch_statistics.by_bincount}


def _input(batch: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(batch).contiguous(memory_format=torch.channels_last)


def ranges(net: Network, batch: np.ndarray) -> Calibration:
    """Min-max calibration over one batch."""
    return calibrate(net, _input(batch))


def plain(net: Network) -> Callable[[np.ndarray], np.ndarray]:
    """Logits of the fp32 network."""
    model = build(net, CPU)

    @torch.inference_mode()
    def peer(batch: np.ndarray) -> np.ndarray:
        return model(_input(batch)).numpy()

    return peer


def paired_mse(net: Network, calibration: Calibration) -> Callable[[np.ndarray], list[float]]:
    """Mean squared error of every convolution's output."""
    found: list[float] = []
    measures = torch_statistics.logits_only(calibration, formula=False, device=CPU)

    def measure(k: int, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        xq = measures[k](x, y)
        if k > 0 and calibration.quantized[k]:
            found.append(float(F.mse_loss(xq, x)))
        return xq

    pair = HookedPair(net, CPU, measure)

    def peer(batch: np.ndarray) -> list[float]:
        found.clear()
        pair(_input(batch))
        return list(found)

    return peer


def paired_statistics(net: Network, calibration: Calibration) -> Callable[[np.ndarray], list[torch_statistics.Totals]]:
    """All that Depthscope records; gives the totals of every stage since the first call."""
    recorders = torch_statistics.recorders(calibration, COUNTERS, formula=False, device=CPU)
    pair = HookedPair(net, CPU, lambda k, x, y: recorders[k](x, y))

    def peer(batch: np.ndarray) -> list[torch_statistics.Totals]:
        pair(_input(batch))
        return [r.totals for r in recorders]

    return peer
