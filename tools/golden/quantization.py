"""Affine quantization as docs/numerics.md defines it, in numpy, written without sight of the Java formula."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class QuantParams:
    """One scale and zero point. `scale` holds a float32 value; the range is the one asked for, before widening to 0."""

    scale: np.float32
    zero_point: int
    qmin: int
    qmax: int
    range_min: float
    range_max: float

    def unclamped(self, x: np.ndarray) -> np.ndarray:
        """rint(x / scale) + zeroPoint before clamping, as float64; NaN gives the zero point."""
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            steps = np.rint(np.asarray(x, np.float32) / self.scale)
        return np.where(np.isnan(steps), 0.0, steps.astype(np.float64)) + self.zero_point

    def quantize(self, x: np.ndarray) -> np.ndarray:
        """Codes in [qmin, qmax], int32."""
        return np.clip(self.unclamped(x), self.qmin, self.qmax).astype(np.int32)

    def dequantize(self, q: np.ndarray) -> np.ndarray:
        return (np.asarray(q, np.int32) - np.int32(self.zero_point)).astype(np.float32) * self.scale

    def fake_quantize(self, x: np.ndarray) -> np.ndarray:
        return self.dequantize(self.quantize(x))

    def clipped(self, x: np.ndarray) -> np.ndarray:
        """Where the clamp changes the code: more than half a step beyond the end codes. NaN is not clipped."""
        codes = self.unclamped(x)
        return (codes < self.qmin) | (codes > self.qmax)

    def as_json(self) -> dict:
        return {
            "scale": float(self.scale),
            "zeroPoint": self.zero_point,
            "qmin": self.qmin,
            "qmax": self.qmax,
            "rangeMin": self.range_min,
            "rangeMax": self.range_max,
        }


def code_range(bits: int, signed: bool, symmetric: bool) -> tuple[int, int]:
    """qmin and qmax; symmetric means signed here, with the narrow range -qmax..qmax."""
    if symmetric:
        if not signed:
            raise ValueError("symmetric codes are signed")
        qmax = 2 ** (bits - 1) - 1
        return -qmax, qmax
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)


def params_from_range(low: float, high: float, bits: int, signed: bool, symmetric: bool) -> QuantParams:
    """Scale and zero point of a finite range."""
    qmin, qmax = code_range(bits, signed, symmetric)
    a = min(float(low), 0.0)
    b = max(float(high), 0.0)
    if a == b:
        zero = min(max(0, qmin), qmax)
        return QuantParams(np.float32(1), zero, qmin, qmax, float(low), float(high))
    if symmetric:
        scale = np.float32(max(abs(a), abs(b)) / qmax)
        return QuantParams(scale, 0, qmin, qmax, float(low), float(high))
    scale = np.float32((b - a) / (qmax - qmin))
    zero = int(np.clip(np.rint(qmin - a / float(scale)), qmin, qmax))
    return QuantParams(scale, zero, qmin, qmax, float(low), float(high))


@dataclass(frozen=True)
class Scheme:
    """What is quantized and how; a width of None leaves that side in float32."""

    weight_bits: int | None = 8
    activation_bits: int | None = 8
    weight_symmetric: bool = False
    weight_signed: bool = False
    activation_symmetric: bool = False
    activation_signed: bool = False
    per_channel: bool = False

    def as_json(self) -> dict:
        return {
            "weightBits": self.weight_bits,
            "activationBits": self.activation_bits,
            "weightSymmetric": self.weight_symmetric,
            "weightSigned": self.weight_signed,
            "activationSymmetric": self.activation_symmetric,
            "activationSigned": self.activation_signed,
            "granularity": "per-channel" if self.per_channel else "per-tensor",
        }

    def activation_params(self, low: float, high: float) -> QuantParams:
        return params_from_range(low, high, self.activation_bits, self.activation_signed, self.activation_symmetric)

    def weight_params(self, channels_first: np.ndarray) -> list[QuantParams]:
        """Parameters of a folded kernel [C, elements of the channel]: one, or one a channel."""
        rows = channels_first if self.per_channel else channels_first.reshape(1, -1)
        return [
            params_from_range(r.min(), r.max(), self.weight_bits, self.weight_signed, self.weight_symmetric)
            for r in rows
        ]
