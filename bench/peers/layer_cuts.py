"""What is cut out of a quantized model file: one layer, what its peer fed it, and the codes that it made of that."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

SEED = 7
SIDE = 16  # of what is no photograph: an input of fewer rows or columns, or of other channels than three


@dataclass(frozen=True)
class Coded:
    """Codes of a tensor, images first, and what they stand for."""

    codes: np.ndarray
    scale: float
    zero: int

    def values(self) -> np.ndarray:
        return (self.codes.astype(np.float32) - np.float32(self.zero)) * np.float32(self.scale)

    def codes_of(self, values: np.ndarray) -> np.ndarray:
        """The nearest codes of values, whatever their shape; one that is not finite is further off than any code."""
        with np.errstate(invalid="ignore"):
            codes = np.rint(values.reshape(-1).astype(np.float64) / self.scale) + self.zero
        limits = np.iinfo(self.codes.dtype)
        return np.where(np.isfinite(codes), np.clip(codes, limits.min, limits.max), 2.0**20).astype(np.int64)


@dataclass(frozen=True)
class CutLayer:
    """A layer as a model file of its own (`model`, its bytes), of one input.

    `inputs` are images x that input, as real numbers; `made` what the peer's whole file had for the outputs, by name.
    `once` are, where they are known, the codes of the only output that the exact sums give if they are rounded once.
    """

    name: str
    operator: str
    model: bytes
    inputs: np.ndarray
    made: dict[str, Coded]
    once: np.ndarray | None = None


def joined(parts: list[np.ndarray]) -> np.ndarray:
    """Several inputs as one, images x the values of the first, of the second and so on."""
    return np.concatenate([p.reshape(len(p), -1) for p in parts], axis=1)


def pictures(images: list[Path], shape: list[int], axis: int, name: str) -> np.ndarray:
    """Shares of white, in 0..1, images x the input `shape`, whose colours lie along `axis`.

    Photographs, the middle of each, if it reads colours; else, and if there are none, seeded noise.
    """
    rest = [d for k, d in enumerate(shape) if k not in (0, axis % len(shape))]
    if not images or len(shape) != 4 or shape[axis] != 3 or min(rest) < SIDE:
        count = max(1, len(images))
        return np.random.default_rng([SEED, *name.encode()]).random([count, *shape[1:]], np.float32)
    from PIL import Image, ImageOps

    opened = [ImageOps.fit(Image.open(p).convert("RGB"), (rest[1], rest[0]), Image.Resampling.BILINEAR) for p in images]
    return np.moveaxis(np.stack([np.float32(np.asarray(p)) / np.float32(255) for p in opened]), -1, axis)
