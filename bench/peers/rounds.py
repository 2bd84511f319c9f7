"""What every run of peers shares: taking turns in rounds, what is made of the times, and the files they all read."""

import re
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tools import packed


@dataclass(frozen=True)
class Peer:
    """`measure(seconds)` returns images a second; `batch` is 0 where the tool chooses."""

    name: str
    label: str
    measure: Callable[[float], float]
    batch: int = 0


def measure(
    peers: list[Peer], rounds: int, seconds: float, go_on: Callable[[], bool] = lambda: True
) -> dict[str, list[float]]:
    """Images a second of every peer in every round; the order turns round from one round to the next.

    `go_on` is asked before each round but the first.
    """
    speeds: dict[str, list[float]] = {p.name: [] for p in peers}
    for i in range(rounds):
        if i > 0 and not go_on():
            break
        for peer in peers if i % 2 == 0 else reversed(peers):
            speeds[peer.name].append(peer.measure(seconds))
        text = ", ".join(f"{name} {found[-1]:.1f}" for name, found in speeds.items())
        print(f"round {i + 1} of {rounds}: {text}", flush=True)
    return speeds


def summary(values: list[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(values), 4),
        "min": round(min(values), 4),
        "max": round(max(values), 4),
    }


def entries(peers: list[Peer], speeds: Mapping[str, list[float]], reference: str) -> list[dict]:
    """Each peer's speed and its ratio to the reference, taken inside a round, as they stand in a result file."""
    return [
        {
            "name": p.name,
            "label": p.label,
            "batch": p.batch or None,
            "imagesPerSecond": summary(speeds[p.name]),
            "ratio": summary([v / r for v, r in zip(speeds[p.name], speeds[reference], strict=True)]),
            "rounds": [round(v, 3) for v in speeds[p.name]],
        }
        for p in peers
    ]


def slug(text: str) -> str:
    """A device's name as the name of a folder."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def imagenet_geometry(resolution: int) -> str:
    """How Depthscope prepares images for this network; it refuses a file packed in another way."""
    side = int(resolution / 0.875 + 0.5)
    return f"short side to {side}, bilinear antialiased, centre crop {resolution}x{resolution}, RGB"


def write_images(path: Path, pixels: np.ndarray, classes: int) -> None:
    """A packed file that Depthscope reads; labels mean nothing."""
    labels = [i % classes for i in range(len(pixels))]
    packed.write(path, pixels, labels, classes, "smooth noise", imagenet_geometry(pixels.shape[1]))
