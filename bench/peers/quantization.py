"""Affine quantization of whole tensors to unsigned 8 bits, as all peers do it."""

import numpy as np

CODES = 256
Range = tuple[float, float]


def tensor_params(low: float, high: float) -> tuple[np.float32, np.uint8]:
    """Scale and zero point of a tensor with values in this range."""
    low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        return np.float32(1), np.uint8(0)
    scale = np.float32((high - low) / (CODES - 1))
    return scale, np.uint8(np.clip(np.rint(-low / float(scale)), 0, CODES - 1))
