"""The statistics of one stage once more, in NumPy and float64, to check what PyTorch summed up."""

import numpy as np

from bench.peers.quantization import CODES
from bench.peers.torch_statistics import BITS_SHIFT, Recorder

# Sums of float32 terms by a tree: far below 1e-5 of the sum of magnitudes.
TOLERANCE = 1e-5
# The quantizing operation multiplies by 1 / scale, so a value this near to a tie may get the neighbouring code.
TIE = 1e-3


def check(recorder: Recorder, x: np.ndarray, y: np.ndarray, xq: np.ndarray) -> None:
    """Compares the totals of one batch with those of its tensors, NCHW. Raises AssertionError with the statistic."""
    found = {name: value.numpy() for name, value in recorder.totals.named().items()}
    shift = recorder.shift.reshape(1, -1, 1, 1).cpu().numpy().astype(np.float64)
    for stream, values in (("fp32", x), ("quantized", xq)):
        assert np.isfinite(values).all(), f"{stream} stream is not finite"
        d = values.astype(np.float64) - shift
        power = d.copy()
        for k in (1, 2, 3, 4):
            _close(f"{stream}.power{k}", found, power)
            power *= d
        _equal(f"{stream}.min", found, values.min((0, 2, 3)))
        _equal(f"{stream}.max", found, values.max((0, 2, 3)))
        _equal(f"{stream}.zeros", found, (values == 0).sum((0, 2, 3)))
    e = xq - x
    _close("error.sum", found, e.astype(np.float64))
    _close("error.squares", found, e.astype(np.float64) ** 2)
    _equal("error.max", found, np.abs(e).max((0, 2, 3)))
    # A ReLU6 may leave -0, which the shorter histogram counts as 0.
    bits = np.where(x == 0, np.float32(0), x).view(np.uint32) >> BITS_SHIFT
    _equal("bits", found, np.bincount(bits.ravel(), minlength=recorder.bins))
    if recorder.quantizer is None:
        assert np.array_equal(y, xq), "a stage that is not quantized was changed"
        return

    scale, zero = np.float32(recorder.quantizer.scale), recorder.quantizer.zero
    quotient = y / scale
    steps = np.rint(quotient)
    tie = np.abs(quotient - np.floor(quotient) - 0.5) < TIE
    clamped = np.clip(steps, -zero, CODES - 1 - zero)
    off = np.abs(xq - clamped * scale) / scale
    assert (off <= np.where(tie, 1.001, 0.001)).all(), f"values were quantized otherwise, by up to {off.max():g} steps"
    saturated = (steps != clamped).sum((0, 2, 3))
    assert (np.abs(found["saturated"] - saturated) <= tie.sum((0, 2, 3))).all(), "saturated is wrong"
    codes = np.rint(xq / scale).astype(np.int64) + zero
    _equal("codes", found, np.bincount(codes.ravel(), minlength=CODES))


def _close(name: str, found: dict[str, np.ndarray], terms: np.ndarray) -> None:
    limit = TOLERANCE * np.abs(terms).sum((0, 2, 3)) + 1e-30
    off = np.abs(found[name] - terms.sum((0, 2, 3)))
    assert (off <= limit).all(), f"{name} is off by {(off / limit).max() * TOLERANCE:g} of the sum of magnitudes"


def _equal(name: str, found: dict[str, np.ndarray], expected: np.ndarray) -> None:
    assert np.array_equal(found[name], expected), f"{name} differs in {(found[name] != expected).sum()} places"
